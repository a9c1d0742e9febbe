// One established session as the relay's threads see it: two descriptors, what is on its way between them, and the slot
// of shared memory in which JavaScript reads how it stands.
//
// Who owns what, at each moment:
//  - The descriptors are duplicates, made by `engine_start` and owned by the session from then on. They are closed in one
//    place, `end_session`, by the session's thread. JavaScript closes its own two, without a FIN, in the same turn.
//  - The memory of a session is its thread's until it stands in the list `ended`; from then on it is the JavaScript
//    thread's, which frees it when the thread has ended the turn it is in. So whatever JavaScript names is there until it was
//    told of the end, and whatever the kernel names until it names it no more.
//  - What both threads touch (`stops`, `ended`, `dead` as a question whether the descriptors are open) is under the
//    thread's lock. A session that stands in `stops` is ended by its thread in the turn that takes it out.

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum side { CLIENT = 0, BACKEND = 1 };
static inline enum side other(enum side side) {
  return side == CLIENT ? BACKEND : CLIENT;
}

enum outcome { RUNNING, COMPLETED, CLIENT_RESET, BACKEND_RESET, INTERNAL, STOPPED };
/** How a session is stopped from outside: FIN to both, FIN to the client and RST to the backend, RST to both. */
enum how { STOP_FIN, STOP_IDLE, STOP_RESET };

/** What JavaScript reads while the session runs, as doubles. Written by the session's thread only. */
struct slot {
  /** Bytes that came from the client, from the backend. */
  _Atomic double bytes[2];
  /** Goes up with every byte and FIN: who looks twice sees whether anything moved. */
  _Atomic double moves;
  /** The side that a byte came from last. */
  _Atomic double last_from;
  /** 1 + the side that sent its FIN first; 0: neither. */
  _Atomic double half_closed_by;
  /** Milliseconds from the start to the backend's first byte; -1: none came. */
  _Atomic double first_byte_ms;
  _Atomic double outcome;
  _Atomic double unused;
};
#define SLOT_DOUBLES (sizeof(struct slot) / sizeof(double))

/** One direction. At most one of `held` and the pipe has bytes in it. */
struct flow {
  /** What was read and not taken yet by the other side. */
  char *held;
  uint32_t held_at, held_bytes;
  uint32_t in_pipe;
  /** -1: no pipe. */
  int pipe[2];
  /** The other side's buffer is full: nothing is read until it has room. */
  bool blocked;
  /** A lot comes: it goes through a pipe. */
  bool bulk;
  /** This descriptor can't be spliced. */
  bool no_splice;
  /** The FIN or the error is known to wait behind the bytes: read to the end, since no event will come again. */
  bool to_the_end;
  /** Stopped for the sake of the others: goes on in the thread's next turn. */
  bool more;
  /** The FIN was read; it was passed on too. */
  bool eof, finished;
};

struct session {
  int fd[2];
  /** flow[side]: from that side to the other. */
  struct flow flow[2];
  struct slot *slot;
  struct thread *thread;
  uint32_t number;
  /** -1: no. Else what the client sent to a backend that had said all it had to say and is gone. */
  int32_t discarded;
  /** The kernel told of an error on that side. */
  bool failed[2];
  bool queued;
  int64_t started_ms;
  struct session *next_ready, *next_dead;
  // Under the thread's lock. Apart from what is the thread's alone: a compiler reads neighbours at once.
  struct session *next_stop;
  /** Set once, with `stop_queued`. */
  enum how how;
  bool stop_queued;
  bool dead;
};

int64_t now_ms(void);

/** Adds to a number that only this thread writes. */
static inline void slot_add(_Atomic double *number, double more) {
  atomic_store_explicit(number, atomic_load_explicit(number, memory_order_relaxed) + more, memory_order_relaxed);
}

static inline void slot_set(_Atomic double *number, double value) {
  atomic_store_explicit(number, value, memory_order_relaxed);
}

static inline double slot_get(_Atomic double *number) {
  return atomic_load_explicit(number, memory_order_relaxed);
}

/** Closes both descriptors as the outcome demands and gives back what is held. Only by the session's thread, once. */
void end_session(struct session *s, enum outcome outcome);

/** Gives back what this direction holds and did not pass on. */
void drop_flow(struct session *s, enum side from);
