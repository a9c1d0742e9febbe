// The pipes that bulk goes through. A thread has a pool of its own; together they are limited, because pipes cost two
// descriptors each and the kernel's memory for the pipes of one user is finite. Where none is to be had, bytes are copied.

#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PIPE_BYTES (256 * 1024)

struct pipes {
  /** Those that are free and empty. */
  int (*free)[2];
  uint32_t free_count;
  /** All that are open, and how many may be. */
  uint32_t open, most;
  /** After a failure so many wishes are turned down without asking the kernel. */
  uint32_t rest;
};

bool pipes_init(struct pipes *p, uint32_t most);
void pipes_close(struct pipes *p);
/** False: none is to be had now. */
bool pipe_take(struct pipes *p, int pipe[2]);
/** Gives it back and sets it to -1. One that is not empty is closed. */
void pipe_give(struct pipes *p, int pipe[2], bool empty);
