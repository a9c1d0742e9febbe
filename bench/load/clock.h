// The one clock of the load tools: nanoseconds that only go forward.
#pragma once

#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND 1000000000LL

static inline int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}
