// A seeded chaos test of the relay's engine without Node: random chunks, half-closes, resets, slow readers and stops, every
// byte checked, every descriptor counted. Built with sanitizers by scripts/test-native.mjs.
// usage: chaos SEED SESSIONS AT_ONCE THREADS PIPES

#include "../../native/engine.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static uint64_t state;

static uint32_t random32(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 16);
}

static uint32_t below(uint32_t n) {
  return random32() % n;
}

static void die(const char *what, uint32_t session) {
  fprintf(stderr, "chaos: session %u: %s (errno %s)\n", session, what, strerror(errno));
  abort();
}

/** What end `end` of this session sends at this place. */
static unsigned char pattern(uint32_t session, int end, uint64_t at) {
  uint64_t x = (at + 1) * 0x9e3779b97f4a7c15u ^ ((uint64_t)session * 2 + (uint64_t)end) * 0xff51afd7ed558ccdu;
  return (unsigned char)(x >> 40);
}

/** The world's side of one session: a client and a backend. */
struct world {
  uint32_t id, number;
  int fd[2];
  bool used, ended, reset_by[2], fin_sent[2], fin_seen[2], rst_seen[2];
  uint64_t to_send[2], sent[2], got[2];
  /** Resets when it has sent and got so much together; 0: never. */
  uint64_t reset_at[2], stop_at;
  /** Reads one time of so many. */
  uint32_t laziness[2];
  bool stopped;
  double bytes[2];
  int outcome;
};

static struct world *worlds;
static uint32_t at_once;
static struct engine engine;
static int told_pipe[2];
static int listener;
static struct sockaddr_in address;

static struct slot *more_slots(void *data) {
  (void)data;
  return calloc(SLAB_SLOTS, sizeof(struct slot));
}

static void tell(struct thread *t) {
  uint8_t n = (uint8_t)(t - engine.threads);
  if (write(told_pipe[1], &n, 1) != 1) abort();
}

static void listen_somewhere(void) {
  socklen_t size = sizeof address;
  listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 128) != 0) die("listen", 0);
  getsockname(listener, (struct sockaddr *)&address, &size);
}

/** Ours and theirs: two ends of one connection. */
static void pair(int *ours, int *theirs) {
  *ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // A small window now and then, so that little fits between.
  int small = 4096;
  if (below(3) == 0) setsockopt(*ours, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  if (connect(*ours, (struct sockaddr *)&address, sizeof address) != 0) die("connect", 0);
  *theirs = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (*theirs < 0) die("accept", 0);
  fcntl(*ours, F_SETFL, O_NONBLOCK);
}

static uint64_t some_size(void) {
  switch (below(6)) {
    case 0: return 0;
    case 1: return below(10);
    case 2: return READ_BYTES - 2 + below(4);
    case 3: return below(2000000);
    default: return below(50000);
  }
}

static void begin(struct world *w, uint32_t id) {
  *w = (struct world){.id = id, .used = true, .outcome = RUNNING};
  int client, backend;
  pair(&w->fd[CLIENT], &client);
  pair(&w->fd[BACKEND], &backend);
  for (int end = 0; end < 2; end++) {
    w->to_send[end] = some_size();
    w->laziness[end] = below(3) == 0 ? 1 + below(20) : 1;
    if (below(6) == 0) w->reset_at[end] = 1 + below(100000);
  }
  if (below(6) == 0) w->stop_at = 1 + below(100000);
  int64_t number = engine_start(&engine, client, backend, (double[2]){0, 0}, 0);
  if (number < 0) die("start", id);
  w->number = (uint32_t)number;
  close(client);
  close(backend);
  if (below(10) == 0) engine_keep_alive(&engine, w->number, 60);
}

static void close_end(struct world *w, int end, bool reset) {
  if (w->fd[end] < 0) return;
  struct linger none = {1, 0};
  if (reset) setsockopt(w->fd[end], SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close(w->fd[end]);
  w->fd[end] = -1;
}

static void send_some(struct world *w, int end) {
  unsigned char chunk[70000];
  uint64_t left = w->to_send[end] - w->sent[end];
  if (left == 0) {
    if (!w->fin_sent[end] && below(4) == 0) {
      shutdown(w->fd[end], SHUT_WR);
      w->fin_sent[end] = true;
    }
    return;
  }
  uint64_t n = 1 + below(below(2) ? 100 : sizeof chunk);
  if (n > left) n = left;
  for (uint64_t i = 0; i < n; i++) chunk[i] = pattern(w->id, end, w->sent[end] + i);
  ssize_t sent = send(w->fd[end], chunk, n, MSG_NOSIGNAL);
  if (sent > 0) w->sent[end] += (uint64_t)sent;
  else if (errno != EAGAIN) w->rst_seen[end] = true;
}

static void read_some(struct world *w, int end) {
  unsigned char chunk[70000];
  if (w->fin_seen[end] || w->rst_seen[end] || below(w->laziness[end]) != 0) return;
  ssize_t n = recv(w->fd[end], chunk, 1 + below(sizeof chunk), 0);
  if (n > 0) {
    for (ssize_t i = 0; i < n; i++)
      if (chunk[i] != pattern(w->id, 1 - end, w->got[end] + (uint64_t)i)) die("a byte that is not in its place", w->id);
    w->got[end] += (uint64_t)n;
  } else if (n == 0) {
    w->fin_seen[end] = true;
  } else if (errno != EAGAIN) {
    w->rst_seen[end] = true;
  }
}

static bool calm(const struct world *w) {
  return !w->reset_by[CLIENT] && !w->reset_by[BACKEND] && !w->stopped;
}

static void check(struct world *w) {
  if (!calm(w)) {
    if (w->stopped ? w->outcome == INTERNAL : w->outcome != COMPLETED && w->outcome != CLIENT_RESET && w->outcome != BACKEND_RESET)
      die("an end that can't be", w->id);
    return;
  }
  if (w->outcome != COMPLETED) die("ended, but not in peace", w->id);
  for (int end = 0; end < 2; end++) {
    if (w->rst_seen[end] || !w->fin_seen[end]) die("no FIN where one was sent", w->id);
    if (w->got[end] != w->to_send[1 - end]) die("bytes are lost", w->id);
    if (w->bytes[end] != (double)w->to_send[end]) die("bytes are counted wrongly", w->id);
  }
}

/** True: it is over. */
static bool step(struct world *w) {
  for (int end = 0; end < 2; end++) {
    if (w->fd[end] < 0) continue;
    if (!w->rst_seen[end]) send_some(w, end);
    read_some(w, end);
    uint64_t moved = w->sent[end] + w->got[end];
    if (w->reset_at[end] > 0 && moved >= w->reset_at[end] && !w->fin_seen[end]) {
      w->reset_by[end] = true;
      close_end(w, end, true);
    } else if (w->rst_seen[end] || (w->fin_seen[end] && w->fin_sent[end])) {
      close_end(w, end, false);
    }
  }
  uint64_t moved = w->got[CLIENT] + w->got[BACKEND];
  if (w->stop_at > 0 && !w->ended && !w->stopped && (moved >= w->stop_at || below(500) == 0)) {
    w->stopped = true;
    engine_stop(&engine, w->number, (enum how)below(3));
    if (below(2)) engine_stop(&engine, w->number, STOP_RESET);
  }
  // A client that resets after its FIN may not be noticed before somebody writes; the sweep's deadline would stop it.
  if (!w->ended && !w->stopped && w->fd[CLIENT] < 0 && w->fd[BACKEND] < 0 && !calm(w) && below(1000) == 0) {
    w->stopped = true;
    engine_stop(&engine, w->number, STOP_RESET);
  }
  if (!w->ended || w->fd[CLIENT] >= 0 || w->fd[BACKEND] >= 0) return false;
  check(w);
  w->used = false;
  return true;
}

static void hear_ends(void) {
  uint8_t n;
  while (read(told_pipe[0], &n, 1) == 1) {
    for (struct session *s = engine_ended(&engine.threads[n]), *next; s != NULL; s = next) {
      next = s->next_dead;
      for (uint32_t i = 0; i < at_once; i++) {
        struct world *w = &worlds[i];
        if (!w->used || w->ended || w->number != s->number) continue;
        w->ended = true;
        w->outcome = (int)slot_get(&s->slot->outcome);
        for (int side = 0; side < 2; side++) w->bytes[side] = slot_get(&s->slot->bytes[side]);
      }
      engine_forget(&engine, s);
    }
  }
}

static uint32_t open_descriptors(void) {
  uint32_t n = 0;
  DIR *folder = opendir("/proc/self/fd");
  while (readdir(folder) != NULL) n++;
  closedir(folder);
  return n;
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  uint64_t seed = strtoull(argv[1], NULL, 10);
  uint32_t sessions = (uint32_t)atoi(argv[2]), threads = (uint32_t)atoi(argv[4]), pipes = (uint32_t)atoi(argv[5]);
  at_once = (uint32_t)atoi(argv[3]);
  state = seed * 2685821657736338717u + 1;
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  worlds = calloc(at_once, sizeof *worlds);
  _Atomic double *turns = calloc(threads, sizeof *turns);
  listen_somewhere();
  if (pipe2(told_pipe, O_CLOEXEC) != 0) die("pipe", 0);
  fcntl(told_pipe[0], F_SETFL, O_NONBLOCK);
  uint32_t before = open_descriptors();
  engine.more_slots = more_slots;
  if (engine_open(&engine, threads, pipes, turns, tell, NULL) != 0) die("open", 0);
  uint32_t begun = 0, over = 0;
  time_t deadline = time(NULL) + 300;
  while (over < sessions) {
    for (uint32_t i = 0; i < at_once; i++) {
      if (!worlds[i].used && begun < sessions) begin(&worlds[i], begun++);
      if (worlds[i].used && step(&worlds[i])) over++;
    }
    hear_ends();
    if (time(NULL) > deadline) {
      for (uint32_t i = 0; i < at_once; i++)
        if (worlds[i].used)
          fprintf(stderr, "session %u: ended %d outcome %d sent %lu/%lu of %lu/%lu got %lu/%lu fd %d/%d\n", worlds[i].id,
                  worlds[i].ended, worlds[i].outcome, (unsigned long)worlds[i].sent[0], (unsigned long)worlds[i].sent[1],
                  (unsigned long)worlds[i].to_send[0], (unsigned long)worlds[i].to_send[1], (unsigned long)worlds[i].got[0],
                  (unsigned long)worlds[i].got[1], worlds[i].fd[0], worlds[i].fd[1]);
      die("a session that does not end", seed);
    }
  }
  for (uint32_t i = 0; i < threads; i++)
    if (engine.threads[i].sessions != 0) die("sessions are still counted", i);
  // And once more with all of them in the middle of it.
  for (uint32_t i = 0; i < at_once; i++) begin(&worlds[i], sessions + i);
  for (uint32_t i = 0; i < at_once; i++) step(&worlds[i]);
  struct slot *slabs[MOST_SLABS];
  uint32_t slab_count = engine.slab_count;
  memcpy(slabs, engine.slabs, sizeof slabs);
  engine_close(&engine);
  for (uint32_t i = 0; i < slab_count; i++) free(slabs[i]);
  for (uint32_t i = 0; i < at_once; i++)
    for (int end = 0; end < 2; end++) close_end(&worlds[i], end, true);
  if (open_descriptors() != before) die("descriptors were left open", open_descriptors() - before);
  close(listener);
  free(worlds);
  free(turns);
  printf("%u sessions, seed %lu: every byte in its place\n", sessions, (unsigned long)seed);
  return 0;
}
