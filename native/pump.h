// Moves the bytes of one direction until there are no more, the other side takes no more, or it is the others' turn.

#pragma once

#include "session.h"

/** Goes on in this direction. The session may be dead afterwards. */
void pump(struct session *s, enum side from);

/** What an error that the kernel told of means, once everything before it was read. */
void look_at_failures(struct session *s);
