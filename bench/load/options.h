// The command line of the load.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum mode { MODE_CRR, MODE_RR, MODE_DOWN, MODE_UP, MODE_HOLD };

struct options {
  enum mode mode;
  const char *mode_name;
  struct sockaddr_in *targets; // sessions take them in turn
  unsigned target_count;
  unsigned sessions;
  uint64_t request_size;
  uint64_t answer_size;
  bool close_each; // a connection for each request
  double seconds;  // of the measured window
  double warmup;
  double rate;         // requests a second; 0: each session asks again as soon as it has its answer
  unsigned in_flight;  // closed loop: requests at the same time, the sessions taking turns; 0: one a session
  uint64_t count;      // end after so many; 0: by time
  unsigned sources;    // local addresses 127.0.1.1, 127.0.1.2, …; 0: the kernel chooses
  uint64_t read_rate;  // bytes a second that a session reads at most; 0: no bound
  int receive_buffer;  // SO_RCVBUF; 0: the kernel's own size
  double timeout;      // of one request, in seconds
  uint64_t seed;
};

// Exits with 2 and a usage text where the arguments make no sense.
struct options parse_options(int argc, char **argv);
