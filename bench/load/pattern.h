// Seeded payload: which byte must stand at which place of which stream. Both ends compute it, nobody sends it along.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The longest piece that pattern_at() gives at once.
#define PATTERN_RUN (256u * 1024u)

void pattern_init(void);

// PATTERN_RUN readable bytes of the stream `seed`, from `offset` on: to be sent as they lie there.
const unsigned char *pattern_at(uint64_t seed, uint64_t offset);

// Whether `length` received bytes are those of the stream `seed` from `offset` on. `length` may exceed PATTERN_RUN.
bool pattern_matches(uint64_t seed, uint64_t offset, const unsigned char *bytes, size_t length);

// A well-mixed 64-bit number out of another: for seeds.
uint64_t pattern_mix(uint64_t value);
