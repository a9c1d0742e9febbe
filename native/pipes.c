#include "pipes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/** A pipe below this size is not worth its two descriptors. */
#define LEAST_BYTES (64 * 1024)
#define REST_AFTER_FAILURE 1000

bool pipes_init(struct pipes *p, uint32_t most) {
  *p = (struct pipes){.most = most};
  p->free = calloc(most > 0 ? most : 1, sizeof *p->free);
  return p->free != NULL;
}

static void close_pipe(struct pipes *p, int pipe[2]) {
  close(pipe[0]);
  close(pipe[1]);
  p->open--;
}

void pipes_close(struct pipes *p) {
  while (p->free_count > 0) close_pipe(p, p->free[--p->free_count]);
  free(p->free);
}

bool pipe_take(struct pipes *p, int pipe[2]) {
  if (p->free_count > 0) {
    p->free_count--;
    pipe[0] = p->free[p->free_count][0];
    pipe[1] = p->free[p->free_count][1];
    return true;
  }
  if (p->open >= p->most) return false;
  if (p->rest > 0) {
    p->rest--;
    return false;
  }
  int made[2];
  if (pipe2(made, O_NONBLOCK | O_CLOEXEC) != 0) {
    p->rest = REST_AFTER_FAILURE;
    return false;
  }
  p->open++;
  // Over the user's budget the kernel refuses to enlarge a pipe, and makes new ones tiny.
  if (fcntl(made[1], F_SETPIPE_SZ, PIPE_BYTES) < 0 && fcntl(made[1], F_GETPIPE_SZ) < LEAST_BYTES) {
    close_pipe(p, made);
    p->rest = REST_AFTER_FAILURE;
    return false;
  }
  pipe[0] = made[0];
  pipe[1] = made[1];
  return true;
}

void pipe_give(struct pipes *p, int pipe[2], bool empty) {
  if (empty) {
    p->free[p->free_count][0] = pipe[0];
    p->free[p->free_count][1] = pipe[1];
    p->free_count++;
  } else {
    close_pipe(p, pipe);
  }
  pipe[0] = pipe[1] = -1;
}
