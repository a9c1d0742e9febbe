// The pattern is one table of random bytes, read cyclically from a place that the seed chooses. So sending needs no copy
// and checking is a memcmp: the load stays cheaper than any proxy.
//
// The period is a prime: buffers of any usual size (16 kB, 64 kB, 256 kB) that were swapped or repeated do not line up
// with it and are noticed.

#include "pattern.h"

#include <string.h>

#define PERIOD 65521u

static unsigned char table[PERIOD + PATTERN_RUN];

// splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
uint64_t pattern_mix(uint64_t value) {
  uint64_t z = value + 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

void pattern_init(void) {
  for (size_t i = 0; i < PERIOD; i++) table[i] = (unsigned char)(pattern_mix(i) >> 24);
  for (size_t i = PERIOD; i < sizeof table; i++) table[i] = table[i - PERIOD];
}

const unsigned char *pattern_at(uint64_t seed, uint64_t offset) {
  return table + (pattern_mix(seed) % PERIOD + offset % PERIOD) % PERIOD;
}

bool pattern_matches(uint64_t seed, uint64_t offset, const unsigned char *bytes, size_t length) {
  while (length > 0) {
    size_t piece = length < PATTERN_RUN ? length : PATTERN_RUN;
    if (memcmp(bytes, pattern_at(seed, offset), piece) != 0) return false;
    bytes += piece;
    offset += piece;
    length -= piece;
  }
  return true;
}
