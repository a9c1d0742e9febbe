#include "report.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const failure_names[FAILURE_KINDS] = {"refused", "reset",   "closed",        "timeout",
                                                         "corrupt", "no_port", "no_descriptor", "other"};

static double microseconds(const struct histogram *h, double quantile) {
  return (double)histogram_quantile(h, quantile) / 1000.0;
}

void report_event(const char *name) {
  printf("{\"event\":\"%s\"}\n", name);
  fflush(stdout);
}

void report_result(const struct load *load, double seconds) {
  const struct counts *c = &load->counts;
  printf("{\"event\":\"result\",\"mode\":\"%s\",\"sessions\":%u,\"seconds\":%.6f,\"done\":%" PRIu64
         ",\"bytes_sent\":%" PRIu64 ",\"bytes_received\":%" PRIu64 ",\"unfinished\":%" PRIu64 ",\"errors\":{",
         load->options.mode_name, load->options.sessions, seconds, c->done, c->bytes_sent, c->bytes_received,
         c->unfinished);
  for (int i = 0; i < FAILURE_KINDS; i++)
    printf("%s\"%s\":%" PRIu64, i > 0 ? "," : "", failure_names[i], c->failures[i]);
  printf("},\"latency_us\":{\"count\":%" PRIu64 ",\"p50\":%.1f,\"p99\":%.1f,\"p99_9\":%.1f,\"max\":%.1f}}\n",
         c->latency.count, microseconds(&c->latency, 0.5), microseconds(&c->latency, 0.99),
         microseconds(&c->latency, 0.999), microseconds(&c->latency, 1));
  fflush(stdout);
}
