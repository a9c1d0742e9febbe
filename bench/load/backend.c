// The backend of every measurement: answers each request with as many pattern bytes as its header asks for, and checks
// the request's own bytes. One thread, level-triggered epoll. Prints "ready" when all addresses are bound.
//
//   backend ADDRESS:PORT...

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pattern.h"
#include "sockets.h"
#include "wire.h"

struct connection {
  int fd;
  bool listening;
  bool answering;
  bool intact;
  uint32_t events;
  uint64_t received; // of the request
  uint64_t sent;     // of the answer
  union {
    struct wire_request head;
    unsigned char head_bytes[WIRE_HEADER];
  };
};

static int poller;
static unsigned char buffer[PATTERN_RUN];

static void set_events(struct connection *c, uint32_t events) {
  if (c->events != events) watch(poller, c->fd, true, events, c);
  c->events = events;
}

static void drop(struct connection *c, bool with_reset) {
  if (with_reset) close_with_reset(c->fd);
  else close(c->fd);
  free(c);
}

// Sends one piece; more follows with the next event, so that a bulk answer does not hold up the small ones.
static void answer(struct connection *c) {
  uint64_t left = c->head.answer_size - c->sent;
  const unsigned char *bytes = pattern_at(wire_answer_seed(c->head.seed, c->intact), c->sent);
  ssize_t n = send(c->fd, bytes, left < PATTERN_RUN ? left : PATTERN_RUN, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN) return drop(c, true);
  if (n > 0) c->sent += (uint64_t)n;
  if (c->sent < c->head.answer_size) return set_events(c, EPOLLOUT);
  if (c->head.flags & WIRE_CLOSE) return drop(c, false);
  c->answering = false;
  c->received = 0;
  set_events(c, EPOLLIN);
}

// Takes what was read into the request; false: it is none of ours, or there is more than one request.
static bool take(struct connection *c, const unsigned char *bytes, size_t length) {
  if (c->received < WIRE_HEADER) {
    size_t missing = WIRE_HEADER - c->received;
    size_t piece = length < missing ? length : missing;
    memcpy(c->head_bytes + c->received, bytes, piece);
    c->received += piece;
    if (piece < missing) return true;
    if (c->head.magic != WIRE_MAGIC || c->head.request_size < WIRE_HEADER) return false;
    c->intact = true;
    bytes += piece;
    length -= piece;
  }
  if (length > c->head.request_size - c->received) return false;
  if (!pattern_matches(c->head.seed, c->received, bytes, length)) c->intact = false;
  c->received += length;
  if (c->received == c->head.request_size) {
    c->answering = true;
    c->sent = 0;
  }
  return true;
}

static void receive(struct connection *c) {
  ssize_t n = recv(c->fd, buffer, sizeof buffer, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return drop(c, n < 0);
  if (!take(c, buffer, (size_t)n)) return drop(c, true);
  if (c->answering) answer(c);
}

static void add(int fd, bool listening) {
  struct connection *c = calloc(1, sizeof *c);
  if (c == NULL) abort();
  c->fd = fd;
  c->listening = listening;
  c->events = EPOLLIN;
  watch(poller, fd, false, EPOLLIN, c);
}

static void accept_all(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      add(fd, false);
    } else {
      if (errno != EAGAIN && errno != ECONNABORTED) perror("backend: accept");
      return;
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: backend ADDRESS:PORT...\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  pattern_init();
  poller = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 1; i < argc; i++) {
    struct sockaddr_in address;
    int fd = parse_address(argv[i], &address) ? open_listener(&address) : -1;
    if (fd < 0) {
      fprintf(stderr, "backend: cannot listen on %s: %s\n", argv[i], strerror(errno));
      return 1;
    }
    add(fd, true);
  }
  puts("ready");
  fflush(stdout);
  struct epoll_event events[256];
  for (;;) {
    int n = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < n; i++) {
      struct connection *c = events[i].data.ptr;
      if (c->listening) accept_all(c->fd);
      else if (c->answering) answer(c);
      else receive(c);
    }
  }
}
