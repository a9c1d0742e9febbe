// What the load and the backend say to each other. A request is this header, then pattern bytes of `seed` up to
// `request_size` in all; the answer is `answer_size` pattern bytes of wire_answer_seed(). One request at a time on a
// session. Both run on one machine, so the header is sent in its byte order.
#pragma once

#include <stdint.h>

#define WIRE_MAGIC 0x43484247u
// The backend closes after the answer, as HTTP does with "Connection: close".
#define WIRE_CLOSE 1u

struct wire_request {
  uint32_t magic;
  uint32_t flags;
  uint64_t seed;
  uint64_t request_size; // header included
  uint64_t answer_size;
};

#define WIRE_HEADER sizeof(struct wire_request)

// A request that arrived damaged is answered with the wrong pattern: so one check, at the load, covers both directions.
static inline uint64_t wire_answer_seed(uint64_t seed, int request_was_intact) {
  return request_was_intact ? ~seed : ~seed ^ 0x5555555555555555ULL;
}
