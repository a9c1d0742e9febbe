// When the next request is due. Closed loop: whenever a session is free. Fixed rate: at times laid down in advance, so
// that a slow answer delays nobody's clock: latency counts from the intended start (no coordinated omission).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"

struct arrivals {
  double interval; // nanoseconds; 0: closed loop
  int64_t begin;
  uint64_t taken;
};

static inline void arrivals_begin(struct arrivals *a, double rate, int64_t now) {
  *a = (struct arrivals){.interval = rate > 0 ? (double)NS_PER_SECOND / rate : 0, .begin = now};
}

// Takes the next arrival that is due by `now`; its intended start goes to *intended.
static inline bool arrivals_take(struct arrivals *a, int64_t now, int64_t *intended) {
  *intended = a->interval > 0 ? a->begin + (int64_t)((double)a->taken * a->interval) : now;
  if (*intended > now) return false;
  a->taken++;
  return true;
}
