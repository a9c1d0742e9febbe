// The load: opens the sessions, warms up, measures for a while, reports. One thread. The phases are here; what a session
// does is in session.c.

#include "load.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "arrivals.h"
#include "clock.h"
#include "pattern.h"
#include "report.h"
#include "sockets.h"

#define TICK_NS (NS_PER_SECOND / 10)
// Connects at the same time while kept sessions are opened: well below any backlog.
#define CONNECTING_MAX 128
#define EVENTS 512

static volatile sig_atomic_t stopped;

static void on_signal(int number) {
  (void)number;
  stopped = 1;
}

// A timer that wakes the loop for due arrivals and ticks; epoll_wait's own timeout is too coarse for arrivals.
static int timer;

static void start_timer(struct load *load, double rate) {
  int64_t interval = rate > 0 ? (int64_t)((double)NS_PER_SECOND / rate) : NS_PER_SECOND / 100;
  if (interval < 50000) interval = 50000;
  if (interval > NS_PER_SECOND / 100) interval = NS_PER_SECOND / 100;
  struct timespec every = {.tv_nsec = interval};
  struct itimerspec spec = {.it_interval = every, .it_value = every};
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  timerfd_settime(timer, 0, &spec, NULL);
  watch(load->poller, timer, false, EPOLLIN, &timer);
}

// The kernel arms the timer again only when it was read.
static void rearm_timer(void) {
  uint64_t expired;
  if (read(timer, &expired, sizeof expired) < 0 && errno != EAGAIN) perror("load: timer");
}

static void tick_all(struct load *load, int64_t now) {
  for (unsigned i = 0; i < load->options.sessions; i++) session_tick(load, &load->sessions[i], now);
}

// The tag of stdin in the epoll set.
static int stdin_tag;

static void wait_for_events(struct load *load) {
  struct epoll_event events[EVENTS];
  int n = epoll_wait(load->poller, events, EVENTS, 100);
  for (int i = 0; i < n; i++) {
    if (events[i].data.ptr == &stdin_tag) stopped = 1;
    else if (events[i].data.ptr == &timer) rearm_timer();
    else session_event(load, events[i].data.ptr);
  }
}

static void open_sessions(struct load *load, unsigned *opened, int64_t now) {
  while (*opened < load->options.sessions && load->connecting < CONNECTING_MAX)
    session_open(load, &load->sessions[(*opened)++], now);
}

static void start_due(struct load *load, struct arrivals *arrivals, int64_t now) {
  int64_t intended;
  const struct options *o = &load->options;
  unsigned busy = o->sessions - load->idle_count - load->failed;
  unsigned most = o->in_flight == 0 ? o->sessions : o->in_flight > busy ? o->in_flight - busy : 0;
  // At most one round: a session that is free again at once waits for the next turn of the loop.
  for (unsigned left = load->idle_count < most ? load->idle_count : most; left > 0 && arrivals_take(arrivals, now, &intended); left--) {
    struct session *s = load->idle[load->idle_first];
    load->idle_first = (load->idle_first + 1) % load->options.sessions;
    load->idle_count--;
    session_start(load, s, intended, now);
  }
}

// What was due and has no answer when the window ends counts with the time it has waited so far.
static void count_unfinished(struct load *load, struct arrivals *arrivals, int64_t now) {
  int64_t intended;
  if (arrivals->interval == 0) return;
  while (arrivals_take(arrivals, now, &intended)) {
    load->counts.unfinished++;
    histogram_record(&load->counts.latency, now - intended);
  }
  for (unsigned i = 0; i < load->options.sessions; i++) {
    const struct session *s = &load->sessions[i];
    bool busy = s->state == SESSION_SENDING || s->state == SESSION_RECEIVING;
    if (!busy || s->opening || s->intended < load->window_begin) continue;
    load->counts.unfinished++;
    histogram_record(&load->counts.latency, now - s->intended);
  }
}

static void begin_window(struct load *load, int64_t now) {
  struct counts *c = &load->counts;
  c->done = c->bytes_sent = c->bytes_received = 0;
  histogram_clear(&c->latency);
  load->window_begin = now;
  report_event(load->options.mode == MODE_HOLD ? "holding" : "measuring");
}

static void run(struct load *load) {
  const struct options *o = &load->options;
  bool kept = !o->close_each;
  unsigned opened = 0;
  int64_t next_tick = now_ns() + TICK_NS;
  int64_t warm_at = 0;
  struct arrivals arrivals = {0};
  while (!stopped) {
    wait_for_events(load);
    int64_t now = now_ns();
    if (now >= next_tick) {
      tick_all(load, now);
      next_tick = now + TICK_NS;
    }
    if (warm_at == 0) {
      if (kept) open_sessions(load, &opened, now);
      if (kept && load->ready < o->sessions) continue;
      warm_at = now + (int64_t)(o->warmup * (double)NS_PER_SECOND);
      arrivals_begin(&arrivals, o->rate, now);
    }
    if (load->window_begin == 0 && now >= warm_at) begin_window(load, now);
    if (o->mode == MODE_HOLD) continue;
    if (load->window_begin > 0 && (double)(now - load->window_begin) >= o->seconds * (double)NS_PER_SECOND) break;
    if (load->window_begin > 0 && o->count > 0 && load->counts.done >= o->count) break;
    start_due(load, &arrivals, now);
  }
  int64_t now = now_ns();
  if (load->window_begin > 0) count_unfinished(load, &arrivals, now);
  report_result(load, load->window_begin > 0 ? (double)(now - load->window_begin) / (double)NS_PER_SECOND : 0);
}

int main(int argc, char **argv) {
  struct load *load = calloc(1, sizeof *load);
  if (load == NULL) abort();
  load->options = parse_options(argc, argv);
  const struct options *o = &load->options;
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  uint64_t limit = raise_descriptor_limit();
  if (o->sessions + 16 > limit) {
    fprintf(stderr, "load: %u sessions need more than the %llu descriptors that this shell allows (ulimit -n)\n",
            o->sessions, (unsigned long long)limit);
    return 1;
  }
  pattern_init();
  load->poller = epoll_create1(EPOLL_CLOEXEC);
  load->sessions = calloc(o->sessions, sizeof *load->sessions);
  load->idle = calloc(o->sessions, sizeof *load->idle);
  if (load->sessions == NULL || load->idle == NULL) abort();
  for (unsigned i = 0; i < o->sessions; i++) {
    struct session *s = &load->sessions[i];
    *s = (struct session){.fd = -1, .number = i, .allowance = UINT64_MAX};
    if (o->read_rate > 0) s->allowance = o->read_rate / 10;
    if (o->close_each) load->idle[load->idle_count++] = s;
  }
  if (o->mode == MODE_HOLD) watch(load->poller, STDIN_FILENO, false, EPOLLIN, &stdin_tag);
  start_timer(load, o->rate);
  run(load);
  return 0;
}
