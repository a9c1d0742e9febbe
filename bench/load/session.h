// One session of the load: a connection and the request that runs on it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

struct load;

enum session_state {
  SESSION_CLOSED,
  SESSION_FAILED,    // rests until the next tick
  SESSION_SENDING,   // connecting included
  SESSION_RECEIVING, // with close_each also the wait for the backend's FIN
  SESSION_IDLE,
};

struct session {
  int fd;
  enum session_state state;
  bool opening; // runs the small request that shows that a kept session works
  uint32_t events;
  uint32_t number;
  uint32_t turn;
  struct wire_request request;
  uint64_t sent;
  uint64_t received;
  uint64_t allowance; // bytes that a slow reader may still read until the next tick
  int64_t intended;   // when the request was due
  int64_t started;    // when it began
};

// Connects; a kept session then makes its opening request and becomes idle.
void session_open(struct load *load, struct session *s, int64_t now);

// Sends a request that was due at `intended`; with close_each it connects first.
void session_start(struct load *load, struct session *s, int64_t intended, int64_t now);

// Something happened on the socket; what it was (bytes, room, an end, an error) shows in the call that it makes.
void session_event(struct load *load, struct session *s);

// Ten times a second: times out, revives what failed, lets slow readers read on.
void session_tick(struct load *load, struct session *s, int64_t now);
