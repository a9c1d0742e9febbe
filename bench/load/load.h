// What the parts of the load share: the options, the sessions, the queue of free ones, and what was counted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"
#include "options.h"
#include "session.h"

enum failure { REFUSED, RESET, CLOSED_EARLY, TIMED_OUT, CORRUPT, NO_PORT, NO_DESCRIPTOR, OTHER, FAILURE_KINDS };

struct counts {
  uint64_t done; // requests answered, whole and right
  uint64_t bytes_sent;
  uint64_t bytes_received;
  uint64_t unfinished; // fixed rate: due but not answered when the window ended
  uint64_t failures[FAILURE_KINDS]; // from the very beginning: damage while warming up is damage
  struct histogram latency; // nanoseconds from the intended start
};

struct load {
  struct options options;
  int poller;
  struct session *sessions;
  // Sessions that may take the next request, first in, first out: so all of them get their turn.
  struct session **idle;
  unsigned idle_first;
  unsigned idle_count;
  unsigned failed; // sessions that rest until the next tick
  unsigned ready; // kept sessions whose opening request was answered
  unsigned connecting;
  int64_t window_begin; // 0: it has not begun
  struct counts counts;
};
