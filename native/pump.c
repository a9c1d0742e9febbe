// The rules are those of relay-net.ts and docs/decisions/0002: a FIN is passed on behind the last byte, a RST as a RST,
// and a backend that resets after its FIN does not cost the client the tail of its answer.

#include "pump.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/** What one direction may move before it is the others' turn. */
#define TURN_BYTES (256 * 1024)
/** A read of so much is bulk, which is worth a pipe. */
#define BULK_BYTES (16 * 1024)
/** A read where all held bytes together are too many. */
#define SMALL_READ 4096
/** What a client may still send to a backend that has closed, before it is told by a reset. */
#define MOST_DISCARDED (64 * 1024)

static bool is_full(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

/** The backend had said all it had to say and is gone: what is on its way to it goes nowhere. */
static void start_discarding(struct session *s) {
  if (s->discarded < 0) s->discarded = 0;
  drop_flow(s, CLIENT);
  s->flow[CLIENT].blocked = false;
  s->flow[CLIENT].bulk = false;
}

/** `side` takes no more. */
static void write_failed(struct session *s, enum side side, int error) {
  // EPIPE and no other: the kernel had its FIN before the RST, whether or not we have read up to it.
  if (side == BACKEND && (s->flow[BACKEND].eof || error == EPIPE)) start_discarding(s);
  else end_session(s, side == CLIENT ? CLIENT_RESET : BACKEND_RESET);
}

static void came(struct session *s, enum side from, size_t bytes) {
  struct slot *slot = s->slot;
  slot_add(&slot->moves, 1);
  if (from == CLIENT && s->discarded >= 0) {
    s->discarded += (int32_t)bytes;
    return;
  }
  slot_add(&slot->bytes[from], (double)bytes);
  slot_set(&slot->last_from, from);
  if (from == BACKEND && slot_get(&slot->first_byte_ms) < 0) slot_set(&slot->first_byte_ms, (double)(now_ms() - s->started_ms));
}

/** Keeps what the other side did not take; false: there is no memory. */
static bool hold(struct session *s, enum side from, const char *bytes, size_t n) {
  struct flow *f = &s->flow[from];
  f->held = malloc(n);
  if (f->held == NULL) return false;
  memcpy(f->held, bytes, n);
  f->held_at = 0;
  f->held_bytes = (uint32_t)n;
  s->thread->held += n;
  return true;
}

/** True: nothing is left on the way. False: the other side is full (`blocked`) or gone, or the session is dead. */
static bool flush(struct session *s, enum side from) {
  struct flow *f = &s->flow[from];
  int to = s->fd[other(from)];
  while (f->held_bytes > 0 || f->in_pipe > 0) {
    ssize_t n = f->held_bytes > 0 ? send(to, f->held + f->held_at, f->held_bytes, MSG_NOSIGNAL)
                                  : splice(f->pipe[0], NULL, to, NULL, f->in_pipe, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (n < 0) {
      if (is_full(errno)) f->blocked = true;
      else write_failed(s, other(from), errno);
      return !s->dead && !f->blocked;
    }
    // Passed on: a session whose reader takes something is not idle.
    slot_add(&s->slot->moves, 1);
    if (f->in_pipe > 0) {
      f->in_pipe -= (uint32_t)n;
      continue;
    }
    f->held_at += (uint32_t)n;
    f->held_bytes -= (uint32_t)n;
    s->thread->held -= (size_t)n;
    if (f->held_bytes == 0) {
      free(f->held);
      f->held = NULL;
    }
  }
  return true;
}

/** Reads and passes on by copying. Answers like `recv`. */
static ssize_t copy(struct session *s, enum side from, size_t size) {
  char *buffer = s->thread->buffer;
  ssize_t n = recv(s->fd[from], buffer, size, 0);
  if (n <= 0) return n;
  came(s, from, (size_t)n);
  if (from == CLIENT && s->discarded >= 0) {
    if (s->discarded > MOST_DISCARDED) end_session(s, BACKEND_RESET);
    return n;
  }
  ssize_t sent = send(s->fd[other(from)], buffer, (size_t)n, MSG_NOSIGNAL);
  if (sent < 0 && !is_full(errno)) {
    write_failed(s, other(from), errno);
    return n;
  }
  if (sent < 0) sent = 0;
  if (sent < n && !hold(s, from, buffer + sent, (size_t)(n - sent))) end_session(s, INTERNAL);
  if (n >= BULK_BYTES && !s->flow[from].no_splice) s->flow[from].bulk = true;
  return n;
}

/** Reads into the pipe, which is empty. Answers like `splice`. */
static ssize_t take_in(struct session *s, enum side from) {
  struct flow *f = &s->flow[from];
  ssize_t n = splice(s->fd[from], NULL, f->pipe[1], NULL, PIPE_BYTES, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (n <= 0) return n;
  came(s, from, (size_t)n);
  f->in_pipe = (uint32_t)n;
  return n;
}

/** Everything was passed on; now the FIN is. */
static void finish_flow(struct session *s, enum side from) {
  struct flow *f = &s->flow[from];
  if (f->finished) return;
  f->finished = true;
  if (s->flow[other(from)].finished) end_session(s, COMPLETED);
  else if (from == BACKEND || s->discarded < 0) shutdown(s->fd[other(from)], SHUT_WR);
}

static void saw_fin(struct session *s, enum side from) {
  s->flow[from].eof = true;
  slot_add(&s->slot->moves, 1);
  if (slot_get(&s->slot->half_closed_by) == 0) slot_set(&s->slot->half_closed_by, 1 + from);
}

/** One read. False: this direction rests until an event, or the session is dead. */
static bool advance(struct session *s, enum side from, size_t *moved) {
  struct thread *t = s->thread;
  struct flow *f = &s->flow[from];
  bool spliced = f->bulk && (f->pipe[0] >= 0 || pipe_take(&t->pipes, f->pipe));
  size_t size = t->held > t->most_held ? SMALL_READ : READ_BYTES;
  ssize_t n = spliced ? take_in(s, from) : copy(s, from, size);
  if (s->dead) return false;
  if (n > 0) {
    *moved += (size_t)n;
    // A short read has emptied the socket: what comes later is a new event. A pipe may be full before the socket is empty.
    return spliced || f->to_the_end || (size_t)n == size || f->held_bytes > 0;
  }
  if (n == 0) {
    saw_fin(s, from);
    return true;
  }
  if (is_full(errno)) return false;
  if (spliced && errno == EINVAL) {
    f->no_splice = true;
    f->bulk = false;
    return true;
  }
  end_session(s, from == CLIENT ? CLIENT_RESET : BACKEND_RESET);
  return false;
}

void pump(struct session *s, enum side from) {
  struct flow *f = &s->flow[from];
  size_t moved = 0;
  f->more = false;
  f->blocked = false;
  while (flush(s, from)) {
    if (f->eof) {
      finish_flow(s, from);
      break;
    }
    if (moved >= TURN_BYTES) {
      f->more = true;
      thread_queue(s);
      return;
    }
    if (!advance(s, from, &moved)) break;
  }
  if (s->dead) return;
  if (moved < BULK_BYTES && !f->blocked) f->bulk = false;
  if (f->pipe[0] >= 0 && f->in_pipe == 0) pipe_give(&s->thread->pipes, f->pipe, true);
}

void look_at_failures(struct session *s) {
  for (enum side side = CLIENT; side <= BACKEND && !s->dead; side++) {
    // Before its FIN an error shows where the reading ends, behind the bytes that came before it.
    if (!s->failed[side] || !s->flow[side].eof) continue;
    s->failed[side] = false;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(s->fd[side], SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error == 0) continue;
    if (side == CLIENT) end_session(s, CLIENT_RESET);
    else start_discarding(s);
    // A client that waited for that backend to take its bytes is read again.
    if (!s->dead && side == BACKEND && !s->flow[CLIENT].finished) pump(s, CLIENT);
  }
}
