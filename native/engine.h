// All threads of the relay, as the JavaScript thread (or a test) uses them. Knows nothing of Node.

#pragma once

#include "session.h"
#include "thread.h"

/** Slots are made so many at once. */
#define SLAB_SLOTS 1024
#define MOST_SLABS 1024

struct engine {
  struct thread *threads;
  uint32_t count;
  /** Memory for SLAB_SLOTS more slots; NULL: there is none. */
  struct slot *(*more_slots)(void *data);
  void *data;
  struct slot *slabs[MOST_SLABS];
  uint32_t slab_count;
  /** By number: the sessions that JavaScript was not told the end of. */
  struct session **sessions;
  uint32_t *free_numbers, free_count;
};

/** 0, or an errno; `turns` holds a number for each thread. `e` is all zero but for the functions. */
int engine_open(struct engine *e, uint32_t threads, uint32_t most_pipes, _Atomic double *turns,
                void (*tell)(struct thread *), void *tell_data);
/** Ends the threads, then all sessions. Nothing is told any more. */
void engine_close(struct engine *e);
/** Relays between duplicates of these two from now on; the session's number, or a negative errno. */
int64_t engine_start(struct engine *e, int client, int backend, const double bytes[2], int half_closed_by);
void engine_stop(struct engine *e, uint32_t number, enum how how);
/** Has TCP ask a silent backend whether it is there. */
void engine_keep_alive(struct engine *e, uint32_t number, int seconds);
/** The sessions of this thread that have ended, linked by `next_dead`; each is then given to `engine_forget`. */
struct session *engine_ended(struct thread *t);
/** Frees it and its number. */
void engine_forget(struct engine *e, struct session *s);
