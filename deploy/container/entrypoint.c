// The program's command in the image: hands on the right to bind ports below 1024, where the container has it, and becomes
// Node.
//
// A runtime keeps `--cap-add=NET_BIND_SERVICE` from a process that is not root until a file that carries the capability is
// started. On Node itself it would do harm: with it a file does not start at all where the capability was dropped. This
// file carries it as permitted only, so it starts either way.

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NODE "/nodejs/bin/node"
#define MAIN "/app/dist/src/main.js"

static void hand_on_low_ports(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};
  const unsigned bind = CAP_TO_MASK(CAP_NET_BIND_SERVICE);
  if (syscall(SYS_capget, &header, sets) != 0 || (sets[0].permitted & bind) == 0) return;
  sets[0].inheritable |= bind;
  // What can't be handed on is missed when a port is bound, and named there.
  if (syscall(SYS_capset, &header, sets) != 0) return;
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0);
}

int main(int count, char **given) {
  char **argv = calloc((size_t)count + 2, sizeof *argv);
  if (argv == NULL) return 1;
  argv[0] = NODE;
  argv[1] = MAIN;
  memcpy(argv + 2, given + 1, (size_t)count * sizeof *argv);
  hand_on_low_ports();
  execv(NODE, argv);
  perror("chargehand: " NODE);
  return 127;
}
