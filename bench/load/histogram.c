// Each power of two is cut into 128 equal buckets; below 256 every value has its own.

#include "histogram.h"

#include <math.h>
#include <string.h>

#define SUB (1u << HISTOGRAM_SUB_BITS)

static unsigned bucket_of(uint64_t value) {
  if (value < SUB) return (unsigned)value;
  unsigned shift = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
  return (shift << HISTOGRAM_SUB_BITS) + (unsigned)(value >> shift);
}

static uint64_t bucket_top(unsigned bucket) {
  if (bucket < 2 * SUB) return bucket;
  unsigned shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
  uint64_t mantissa = bucket - ((uint64_t)shift << HISTOGRAM_SUB_BITS);
  return ((mantissa + 1) << shift) - 1;
}

void histogram_clear(struct histogram *h) { memset(h, 0, sizeof *h); }

void histogram_record(struct histogram *h, int64_t value) {
  uint64_t v = value > 0 ? (uint64_t)value : 0;
  h->count++;
  if (v > h->max) h->max = v;
  h->buckets[bucket_of(v)]++;
}

uint64_t histogram_quantile(const struct histogram *h, double quantile) {
  uint64_t wanted = (uint64_t)ceil(quantile * (double)h->count);
  uint64_t seen = 0;
  for (unsigned i = 0; i < HISTOGRAM_BUCKETS && h->count > 0; i++) {
    seen += h->buckets[i];
    if (seen >= wanted && seen > 0) return bucket_top(i) < h->max ? bucket_top(i) : h->max;
  }
  return h->max;
}
