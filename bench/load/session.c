#include "session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "load.h"
#include "pattern.h"
#include "sockets.h"

#define OPENING_SIZE 64
#define TICKS_PER_SECOND 10

static unsigned char buffer[PATTERN_RUN];

static void set_events(struct load *load, struct session *s, uint32_t events) {
  if (s->events != events) watch(load->poller, s->fd, true, events, s);
  s->events = events;
}

static void become_idle(struct load *load, struct session *s, enum session_state state) {
  s->state = state;
  load->idle[(load->idle_first + load->idle_count++) % load->options.sessions] = s;
}

static enum failure kind_of(int error) {
  switch (error) {
    case ECONNREFUSED: return REFUSED;
    case ECONNRESET:
    case EPIPE: return RESET;
    case EADDRNOTAVAIL: return NO_PORT;
    case EMFILE:
    case ENFILE: return NO_DESCRIPTOR;
    default: return OTHER;
  }
}

static void fail(struct load *load, struct session *s, enum failure kind) {
  load->counts.failures[kind]++;
  if (s->opening) load->connecting--;
  if (s->fd >= 0) close_with_reset(s->fd);
  s->fd = -1;
  s->opening = false;
  s->state = SESSION_FAILED;
  load->failed++;
}

static void finish(struct load *load, struct session *s) {
  if (s->opening) {
    s->opening = false;
    load->connecting--;
    load->ready++;
    return become_idle(load, s, SESSION_IDLE);
  }
  load->counts.done++;
  if (load->window_begin > 0 && s->intended >= load->window_begin)
    histogram_record(&load->counts.latency, now_ns() - s->intended);
  if (!load->options.close_each) return become_idle(load, s, SESSION_IDLE);
  close(s->fd);
  s->fd = -1;
  become_idle(load, s, SESSION_CLOSED);
}

// Sends one piece at most: the header first, then the pattern.
static void send_more(struct load *load, struct session *s) {
  struct iovec parts[2];
  int count = 0;
  uint64_t begin = s->sent;
  if (begin < WIRE_HEADER) {
    parts[count++] = (struct iovec){(unsigned char *)&s->request + begin, WIRE_HEADER - begin};
    begin = WIRE_HEADER;
  }
  uint64_t left = s->request.request_size - begin;
  if (left > 0)
    parts[count++] =
        (struct iovec){(void *)pattern_at(s->request.seed, begin), left < PATTERN_RUN ? left : PATTERN_RUN};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
  ssize_t n = sendmsg(s->fd, &message, MSG_NOSIGNAL);
  // ENOTCONN, EINPROGRESS: not connected yet.
  if (n < 0 && errno != EAGAIN && errno != ENOTCONN && errno != EINPROGRESS) return fail(load, s, kind_of(errno));
  if (n > 0) {
    s->sent += (uint64_t)n;
    load->counts.bytes_sent += (uint64_t)n;
  }
  if (s->sent < s->request.request_size) return set_events(load, s, EPOLLOUT);
  s->state = SESSION_RECEIVING;
  set_events(load, s, EPOLLIN);
}

static void receive(struct load *load, struct session *s) {
  uint64_t room = s->allowance < sizeof buffer ? s->allowance : sizeof buffer;
  if (room == 0) return set_events(load, s, 0);
  ssize_t n = recv(s->fd, buffer, room, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n < 0) return fail(load, s, kind_of(errno));
  bool whole = s->state == SESSION_RECEIVING && s->received == s->request.answer_size;
  if (n == 0) return load->options.close_each && whole ? finish(load, s) : fail(load, s, CLOSED_EARLY);
  // Bytes that nobody asked for are damage, too.
  if (s->state != SESSION_RECEIVING || (uint64_t)n > s->request.answer_size - s->received ||
      !pattern_matches(wire_answer_seed(s->request.seed, 1), s->received, buffer, (size_t)n)) {
    return fail(load, s, CORRUPT);
  }
  s->received += (uint64_t)n;
  load->counts.bytes_received += (uint64_t)n;
  if (load->options.read_rate > 0) s->allowance -= (uint64_t)n;
  if (s->received == s->request.answer_size && !load->options.close_each) finish(load, s);
}

static bool connect_session(struct load *load, struct session *s) {
  const struct options *o = &load->options;
  const struct sockaddr_in *target = &o->targets[(s->number + s->turn) % o->target_count];
  in_addr_t source = o->sources > 0 ? htonl(INADDR_LOOPBACK + 256 + s->number % o->sources) : 0;
  s->fd = open_connection(target, source, o->receive_buffer);
  if (s->fd < 0) {
    fail(load, s, kind_of(errno));
    return false;
  }
  s->events = EPOLLOUT;
  watch(load->poller, s->fd, false, s->events, s);
  return true;
}

static void request(struct load *load, struct session *s, uint64_t request_size, uint64_t answer_size) {
  uint64_t seed = load->options.seed ^ ((uint64_t)s->number << 32 | s->turn++);
  s->request = (struct wire_request){.magic = WIRE_MAGIC,
                                     .flags = load->options.close_each ? WIRE_CLOSE : 0,
                                     .seed = pattern_mix(seed),
                                     .request_size = request_size,
                                     .answer_size = answer_size};
  s->sent = 0;
  s->received = 0;
  s->state = SESSION_SENDING;
}

void session_open(struct load *load, struct session *s, int64_t now) {
  s->opening = true;
  s->intended = s->started = now;
  load->connecting++;
  if (!connect_session(load, s)) return;
  request(load, s, OPENING_SIZE, OPENING_SIZE);
}

void session_start(struct load *load, struct session *s, int64_t intended, int64_t now) {
  const struct options *o = &load->options;
  s->intended = intended;
  s->started = now;
  if (o->close_each && !connect_session(load, s)) return;
  request(load, s, o->request_size, o->answer_size);
  send_more(load, s);
}

void session_event(struct load *load, struct session *s) {
  if (s->state == SESSION_SENDING) send_more(load, s);
  else receive(load, s);
}

void session_tick(struct load *load, struct session *s, int64_t now) {
  const struct options *o = &load->options;
  if (s->state == SESSION_FAILED) {
    load->failed--;
    if (o->close_each) return become_idle(load, s, SESSION_CLOSED);
    return session_open(load, s, now);
  }
  bool busy = s->state == SESSION_SENDING || s->state == SESSION_RECEIVING;
  if (busy && (double)(now - s->started) > o->timeout * (double)NS_PER_SECOND) return fail(load, s, TIMED_OUT);
  if (o->read_rate > 0) s->allowance = o->read_rate / TICKS_PER_SECOND;
  if (s->state == SESSION_RECEIVING) set_events(load, s, EPOLLIN);
}
