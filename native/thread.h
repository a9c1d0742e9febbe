// One thread of the relay: an epoll loop over the sessions that were given to it.

#pragma once

#include "pipes.h"
#include "session.h"

#include <pthread.h>

/** One buffer a thread, for all its sessions: an idle session holds none. */
#define READ_BYTES (64 * 1024)

struct thread {
  pthread_t id;
  int epoll, wake;
  /** Called by the thread when the list `ended` was empty and is not any more. */
  void (*tell)(struct thread *);
  void *tell_data;

  pthread_mutex_t lock;
  // Under the lock.
  struct session *stops, *ended;
  bool closing;

  // The thread's own.
  struct session *ready, **ready_tail, *dead;
  struct pipes pipes;
  char *buffer;
  /** What its sessions hold, and from where on they read little. */
  size_t held, most_held;
  /** Goes up with every turn. */
  _Atomic double *turns;

  // The JavaScript thread's own.
  uint32_t sessions;
  /** Sessions that JavaScript has forgotten, and the thread's turn in which it forgot the last of them. */
  struct session *forgotten;
  double forgotten_in;
};

/** 0, or an errno; then nothing is left open. */
int thread_open(struct thread *t, uint32_t most_pipes);
/** Ends the thread's loop and waits for it. Its sessions stay as they are. */
void thread_join(struct thread *t);
/** Gives back the memory of forgotten sessions. */
void thread_free_forgotten(struct thread *t);
/** Gives back everything, after its sessions. */
void thread_free(struct thread *t);
/** Gives it something to do. */
void thread_wake(struct thread *t);
/** The session goes on in the next turn. By the thread itself. */
void thread_queue(struct session *s);
