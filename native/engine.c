#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/** What all sessions of the process may hold of bytes that were read and not taken. */
#define MOST_HELD (256u << 20)

int engine_open(struct engine *e, uint32_t threads, uint32_t most_pipes, _Atomic double *turns,
                void (*tell)(struct thread *), void *tell_data) {
  e->threads = calloc(threads, sizeof *e->threads);
  e->sessions = calloc((size_t)MOST_SLABS * SLAB_SLOTS, sizeof *e->sessions);
  e->free_numbers = calloc((size_t)MOST_SLABS * SLAB_SLOTS, sizeof *e->free_numbers);
  int error = e->threads == NULL || e->sessions == NULL || e->free_numbers == NULL ? ENOMEM : 0;
  for (; error == 0 && e->count < threads; e->count++) {
    struct thread *t = &e->threads[e->count];
    t->turns = &turns[e->count];
    t->tell = tell;
    t->tell_data = tell_data;
    t->most_held = MOST_HELD / threads;
    error = thread_open(t, most_pipes / threads);
    if (error != 0) break;
  }
  if (error != 0) engine_close(e);
  return error;
}

void engine_close(struct engine *e) {
  for (uint32_t i = 0; i < e->count; i++) thread_join(&e->threads[i]);
  for (uint32_t number = 0; number < e->slab_count * SLAB_SLOTS; number++) {
    struct session *s = e->sessions[number];
    if (s == NULL) continue;
    s->how = STOP_FIN;
    if (!s->dead) end_session(s, STOPPED);
    free(s);
  }
  for (uint32_t i = 0; i < e->count; i++) thread_free(&e->threads[i]);
  free(e->threads);
  free(e->sessions);
  free(e->free_numbers);
  e->threads = NULL;
  e->sessions = NULL;
  e->free_numbers = NULL;
  e->count = e->slab_count = e->free_count = 0;
}

static bool grow(struct engine *e) {
  if (e->slab_count == MOST_SLABS) return false;
  struct slot *slab = e->more_slots(e->data);
  if (slab == NULL) return false;
  uint32_t first = e->slab_count * SLAB_SLOTS;
  e->slabs[e->slab_count++] = slab;
  for (uint32_t i = SLAB_SLOTS; i-- > 0;) e->free_numbers[e->free_count++] = first + i;
  return true;
}

static struct thread *least_busy(struct engine *e) {
  struct thread *least = &e->threads[0];
  for (uint32_t i = 1; i < e->count; i++)
    if (e->threads[i].sessions < least->sessions) least = &e->threads[i];
  return least;
}

/** Under the thread's lock, so that the session can't end between its two descriptors. */
static int watch(struct session *s, enum side side) {
  struct epoll_event event = {
      .events = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET,
      .data.ptr = (void *)((uintptr_t)s | (uintptr_t)side),
  };
  return epoll_ctl(s->thread->epoll, EPOLL_CTL_ADD, s->fd[side], &event) == 0 ? 0 : errno;
}

/**
 * Under the thread's lock. The first stop of a session counts: from then on `how` and `next_stop` are its thread's, which
 * walks the list without the lock.
 */
static void queue_stop(struct session *s, enum how how) {
  struct thread *t = s->thread;
  if (s->dead || s->stop_queued) return;
  s->how = how;
  s->stop_queued = true;
  s->next_stop = t->stops;
  t->stops = s;
}

static void prepare(struct session *s, struct slot *slot, const double bytes[2], int half_closed_by) {
  s->slot = slot;
  s->discarded = -1;
  s->started_ms = now_ms();
  for (enum side side = CLIENT; side <= BACKEND; side++) {
    s->flow[side].pipe[0] = s->flow[side].pipe[1] = -1;
    slot_set(&slot->bytes[side], bytes[side]);
  }
  slot_set(&slot->moves, 0);
  slot_set(&slot->last_from, CLIENT);
  slot_set(&slot->half_closed_by, half_closed_by);
  slot_set(&slot->first_byte_ms, bytes[BACKEND] > 0 ? 0 : -1);
  slot_set(&slot->outcome, RUNNING);
}

int64_t engine_start(struct engine *e, int client, int backend, const double bytes[2], int half_closed_by) {
  if (e->free_count == 0 && !grow(e)) return -ENOMEM;
  struct session *s = calloc(1, sizeof *s);
  if (s == NULL) return -ENOMEM;
  s->fd[CLIENT] = fcntl(client, F_DUPFD_CLOEXEC, 3);
  s->fd[BACKEND] = s->fd[CLIENT] < 0 ? -1 : fcntl(backend, F_DUPFD_CLOEXEC, 3);
  int error = s->fd[BACKEND] < 0 ? errno : 0;
  uint32_t number = e->free_numbers[e->free_count - 1];
  s->number = number;
  s->thread = least_busy(e);
  prepare(s, &e->slabs[number / SLAB_SLOTS][number % SLAB_SLOTS], bytes, half_closed_by);
  struct thread *t = s->thread;
  pthread_mutex_lock(&t->lock);
  if (error == 0) error = watch(s, CLIENT);
  // Bytes may have moved from here on: it can only be ended any more.
  bool broken = error == 0 && watch(s, BACKEND) != 0;
  if (broken) queue_stop(s, STOP_RESET);
  pthread_mutex_unlock(&t->lock);
  if (error != 0) {
    if (s->fd[CLIENT] >= 0) close(s->fd[CLIENT]);
    if (s->fd[BACKEND] >= 0) close(s->fd[BACKEND]);
    free(s);
    return -error;
  }
  e->free_count--;
  e->sessions[number] = s;
  t->sessions++;
  if (broken) thread_wake(t);
  return number;
}

static struct session *find(struct engine *e, uint32_t number) {
  return number < e->slab_count * SLAB_SLOTS ? e->sessions[number] : NULL;
}

void engine_stop(struct engine *e, uint32_t number, enum how how) {
  struct session *s = find(e, number);
  if (s == NULL) return;
  struct thread *t = s->thread;
  pthread_mutex_lock(&t->lock);
  queue_stop(s, how);
  pthread_mutex_unlock(&t->lock);
  thread_wake(t);
}

void engine_keep_alive(struct engine *e, uint32_t number, int seconds) {
  struct session *s = find(e, number);
  if (s == NULL) return;
  pthread_mutex_lock(&s->thread->lock);
  if (!s->dead) {
    // As libuv does it: then every second, ten times.
    int fd = s->fd[BACKEND], on = 1, every = 1, times = 10;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof times);
  }
  pthread_mutex_unlock(&s->thread->lock);
}

struct session *engine_ended(struct thread *t) {
  pthread_mutex_lock(&t->lock);
  struct session *list = t->ended;
  t->ended = NULL;
  pthread_mutex_unlock(&t->lock);
  return list;
}

/**
 * Until Node's descriptor was closed as well, the kernel could name the session in the events of the turn that its thread is
 * in: its memory stays until that turn is over.
 */
void engine_forget(struct engine *e, struct session *s) {
  struct thread *t = s->thread;
  t->sessions--;
  e->sessions[s->number] = NULL;
  e->free_numbers[e->free_count++] = s->number;
  double turn = atomic_load_explicit(t->turns, memory_order_acquire);
  if (turn > t->forgotten_in) thread_free_forgotten(t);
  t->forgotten_in = turn;
  s->next_dead = t->forgotten;
  t->forgotten = s;
}
