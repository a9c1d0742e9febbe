#include "old-glibc.h"

#include "pump.h"
#include "thread.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#define EVENTS 256
#define OVER (EPOLLRDHUP | EPOLLHUP | EPOLLERR)

void thread_queue(struct session *s) {
  struct thread *t = s->thread;
  if (s->queued) return;
  s->queued = true;
  s->next_ready = NULL;
  *t->ready_tail = s;
  t->ready_tail = &s->next_ready;
}

/** Edge-triggered: each event is told once, so what can't be done now is remembered in the flow. */
static void heard(struct session *s, enum side side, uint32_t events) {
  struct flow *in = &s->flow[side], *out = &s->flow[other(side)];
  if (s->dead) return;
  // A read stops at an urgent byte, too, though there is more behind it.
  if (events & (OVER | EPOLLPRI)) in->to_the_end = true;
  if (events & EPOLLERR) s->failed[side] = true;
  // A flow that is blocked reads on when it is not any more; one that is queued in its turn.
  if (events & (EPOLLIN | EPOLLPRI | OVER) && !in->blocked && !in->more && !in->eof) pump(s, side);
  if (!s->dead && out->blocked && events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) pump(s, other(side));
  if (!s->dead) look_at_failures(s);
}

/** Those that had to let others go first. */
static void go_on(struct session *list) {
  for (struct session *s = list, *next; s != NULL; s = next) {
    next = s->next_ready;
    s->queued = false;
    for (enum side side = CLIENT; side <= BACKEND; side++)
      if (!s->dead && s->flow[side].more) pump(s, side);
    if (!s->dead) look_at_failures(s);
  }
}

/** Does what JavaScript asked for and hands over what has ended. True: the thread is to end. */
static bool settle(struct thread *t) {
  pthread_mutex_lock(&t->lock);
  struct session *stops = t->stops;
  t->stops = NULL;
  bool closing = t->closing;
  pthread_mutex_unlock(&t->lock);
  for (struct session *s = stops; s != NULL; s = s->next_stop)
    if (!s->dead) end_session(s, STOPPED);
  if (t->dead == NULL) return closing;

  struct session *kept = NULL;
  pthread_mutex_lock(&t->lock);
  bool quiet = t->ended == NULL;
  for (struct session *s = t->dead, *next; s != NULL; s = next) {
    next = s->next_dead;
    // Not while the list of those that wait for their turn still names it.
    struct session **list = s->queued ? &kept : &t->ended;
    s->next_dead = *list;
    *list = s;
  }
  t->dead = kept;
  bool tell = quiet && t->ended != NULL;
  pthread_mutex_unlock(&t->lock);
  if (tell) t->tell(t);
  return closing;
}

static void *run(void *argument) {
  struct thread *t = argument;
  struct epoll_event events[EVENTS];
  prctl(PR_SET_NAME, "relay");
  for (;;) {
    int n = epoll_wait(t->epoll, events, EVENTS, t->ready == NULL ? -1 : 0);
    struct session *ready = t->ready;
    t->ready = NULL;
    t->ready_tail = &t->ready;
    for (int i = 0; i < n; i++) {
      uintptr_t tag = (uintptr_t)events[i].data.ptr;
      if (tag == 0) {
        uint64_t count;
        if (read(t->wake, &count, sizeof count) < 0) continue;
      } else {
        heard((struct session *)(tag & ~(uintptr_t)1), (enum side)(tag & 1), events[i].events);
      }
    }
    go_on(ready);
    bool over = settle(t);
    // With all that it did before: who sees the number may free what this turn has seen for the last time.
    atomic_store_explicit(t->turns, slot_get(t->turns) + 1, memory_order_release);
    if (over) return NULL;
  }
}

void thread_wake(struct thread *t) {
  uint64_t one = 1;
  // Full means that it is awake already.
  if (write(t->wake, &one, sizeof one) < 0) return;
}

static int start(struct thread *t) {
  // Signals are JavaScript's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&t->id, NULL, run, t);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

void thread_free_forgotten(struct thread *t) {
  for (struct session *s = t->forgotten, *next; s != NULL; s = next) {
    next = s->next_dead;
    free(s);
  }
  t->forgotten = NULL;
}

void thread_free(struct thread *t) {
  thread_free_forgotten(t);
  if (t->epoll >= 0) close(t->epoll);
  if (t->wake >= 0) close(t->wake);
  free(t->buffer);
  pipes_close(&t->pipes);
  pthread_mutex_destroy(&t->lock);
}

int thread_open(struct thread *t, uint32_t most_pipes) {
  t->ready_tail = &t->ready;
  pthread_mutex_init(&t->lock, NULL);
  t->epoll = epoll_create1(EPOLL_CLOEXEC);
  t->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  t->buffer = malloc(READ_BYTES);
  bool pipes = pipes_init(&t->pipes, most_pipes);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  int error = 0;
  if (t->buffer == NULL || !pipes) error = ENOMEM;
  else if (t->epoll < 0 || t->wake < 0 || epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->wake, &event) != 0) error = errno;
  else error = start(t);
  if (error != 0) thread_free(t);
  return error;
}

void thread_join(struct thread *t) {
  pthread_mutex_lock(&t->lock);
  t->closing = true;
  pthread_mutex_unlock(&t->lock);
  thread_wake(t);
  pthread_join(t->id, NULL);
}
