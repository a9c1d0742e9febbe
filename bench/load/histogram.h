// Latencies in logarithmic buckets: any value up to centuries, less than 1 % too high, no allocation.
#pragma once

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 7
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_SUB_BITS) << HISTOGRAM_SUB_BITS)

struct histogram {
  uint64_t count;
  uint64_t max;
  uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *h);
void histogram_record(struct histogram *h, int64_t value);

// The value that a share `quantile` (0..1) of all recorded values does not exceed; 0 where nothing was recorded.
uint64_t histogram_quantile(const struct histogram *h, double quantile);
