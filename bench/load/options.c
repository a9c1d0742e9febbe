#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sockets.h"
#include "wire.h"

#define SMALL 64

static const char usage[] =
    "usage: load MODE --target ADDRESS:PORT[,...] [options]\n"
    "  crr   connect, a request of --size bytes, an answer of --size bytes, close; one request a connection\n"
    "  rr    the same on kept sessions\n"
    "  down  small requests, answers of --size bytes, on kept sessions\n"
    "  up    requests of --size bytes, small answers, on kept sessions\n"
    "  hold  open the sessions, one small request on each, then silence until stdin ends\n"
    "options: --sessions N (1) --size BYTES (512) --seconds S (1) --warmup S (0) --rate PER_SECOND (closed loop)\n"
    "  --in-flight N (closed loop; one a session) --count N --sources N --read-rate BYTES_PER_SECOND --receive-buffer BYTES --timeout S (10) --seed N (1)\n"
    "Prints one JSON object a line: \"measuring\" or \"holding\" when the window begins, \"result\" at its end.\n";

static void fail(const char *what, const char *value) {
  fprintf(stderr, "load: %s: %s\n%s", what, value, usage);
  exit(2);
}

static double number(const char *name, const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end != '\0' || value < 0) fail(name, text);
  return value;
}

static void take_targets(struct options *o, char *list) {
  for (char *item = strtok(list, ","); item != NULL; item = strtok(NULL, ",")) {
    o->targets = realloc(o->targets, (o->target_count + 1) * sizeof *o->targets);
    if (!parse_address(item, &o->targets[o->target_count])) fail("no ADDRESS:PORT", item);
    o->target_count++;
  }
}

static void take_mode(struct options *o, const char *name, uint64_t size) {
  static const char *const names[] = {"crr", "rr", "down", "up", "hold"};
  unsigned mode = 0;
  while (mode < 5 && strcmp(names[mode], name) != 0) mode++;
  if (mode == 5) fail("unknown mode", name);
  o->mode = (enum mode)mode;
  o->mode_name = names[mode];
  o->close_each = mode == MODE_CRR;
  o->request_size = mode == MODE_DOWN || mode == MODE_HOLD ? SMALL : size;
  o->answer_size = mode == MODE_UP || mode == MODE_HOLD ? SMALL : size;
  if (o->request_size < WIRE_HEADER || o->answer_size < 1) fail("--size is too small for", name);
}

struct options parse_options(int argc, char **argv) {
  enum { TARGET, SESSIONS, SIZE, SECONDS, WARMUP, RATE, IN_FLIGHT, COUNT, SOURCES, READ_RATE, RECEIVE_BUFFER, TIMEOUT, SEED };
  static const struct option known[] = {
      {"target", 1, NULL, TARGET},       {"sessions", 1, NULL, SESSIONS},   {"size", 1, NULL, SIZE},
      {"seconds", 1, NULL, SECONDS},     {"warmup", 1, NULL, WARMUP},       {"rate", 1, NULL, RATE},
      {"in-flight", 1, NULL, IN_FLIGHT}, {"count", 1, NULL, COUNT},         {"sources", 1, NULL, SOURCES},     {"read-rate", 1, NULL, READ_RATE},
      {"receive-buffer", 1, NULL, RECEIVE_BUFFER}, {"timeout", 1, NULL, TIMEOUT}, {"seed", 1, NULL, SEED},
      {NULL, 0, NULL, 0}};
  struct options o = {.sessions = 1, .seconds = 1, .timeout = 10, .seed = 1};
  uint64_t size = 512;
  int index = 0;
  int option;
  while ((option = getopt_long(argc, argv, "", known, &index)) != -1) {
    if (option == '?') fail("see above", "");
    if (option == TARGET) {
      take_targets(&o, optarg);
      continue;
    }
    double value = number(known[index].name, optarg);
    switch (option) {
      case SESSIONS: o.sessions = (unsigned)value; break;
      case SIZE: size = (uint64_t)value; break;
      case SECONDS: o.seconds = value; break;
      case WARMUP: o.warmup = value; break;
      case RATE: o.rate = value; break;
      case IN_FLIGHT: o.in_flight = (unsigned)value; break;
      case COUNT: o.count = (uint64_t)value; break;
      case SOURCES: o.sources = (unsigned)value; break;
      case READ_RATE: o.read_rate = (uint64_t)value; break;
      case RECEIVE_BUFFER: o.receive_buffer = (int)value; break;
      case TIMEOUT: o.timeout = value; break;
      case SEED: o.seed = (uint64_t)value; break;
    }
  }
  if (optind + 1 != argc) fail("one MODE is needed", "");
  take_mode(&o, argv[optind], size);
  if (o.target_count == 0) fail("--target is needed", "");
  if (o.sessions == 0) fail("--sessions must be at least", "1");
  if (o.sources > 250) fail("--sources is at most", "250");
  return o;
}
