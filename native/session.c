// How a session ends: what each side sees, and what is given back.

#include "session.h"
#include "thread.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/** What is read and thrown away before a close in peace: unread bytes would turn its FIN into a RST. */
#define MOST_DRAINED (256 * 1024)

int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void drop_flow(struct session *s, enum side from) {
  struct flow *f = &s->flow[from];
  s->thread->held -= f->held_bytes;
  free(f->held);
  f->held = NULL;
  f->held_at = f->held_bytes = 0;
  if (f->pipe[0] >= 0) pipe_give(&s->thread->pipes, f->pipe, f->in_pipe == 0);
  f->in_pipe = 0;
}

/** A RST, at once; a Unix socket knows none and is closed. */
static void reset(int fd) {
  struct linger none = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close(fd);
}

/** A FIN behind what the kernel has, and an end of reading. */
static void close_in_peace(int fd, char *scratch) {
  shutdown(fd, SHUT_WR);
  for (size_t drained = 0; drained < MOST_DRAINED;) {
    ssize_t n = recv(fd, scratch, READ_BYTES, 0);
    if (n <= 0) break;
    drained += (size_t)n;
  }
  close(fd);
}

void end_session(struct session *s, enum outcome outcome) {
  struct thread *t = s->thread;
  drop_flow(s, CLIENT);
  drop_flow(s, BACKEND);
  bool stopped = outcome == STOPPED;
  bool reset_client = outcome == BACKEND_RESET || outcome == INTERNAL || (stopped && s->how == STOP_RESET);
  bool reset_backend = outcome == CLIENT_RESET || outcome == INTERNAL || (stopped && s->how != STOP_FIN);
  // The lock: the other thread may be about to name these descriptors to the kernel.
  pthread_mutex_lock(&t->lock);
  s->dead = true;
  if (reset_client) reset(s->fd[CLIENT]);
  else if (stopped) close_in_peace(s->fd[CLIENT], t->buffer);
  else close(s->fd[CLIENT]);
  if (reset_backend) reset(s->fd[BACKEND]);
  else if (stopped) close_in_peace(s->fd[BACKEND], t->buffer);
  else close(s->fd[BACKEND]);
  pthread_mutex_unlock(&t->lock);
  slot_set(&s->slot->outcome, outcome);
  s->next_dead = t->dead;
  t->dead = s;
}
