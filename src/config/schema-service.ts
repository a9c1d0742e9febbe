// The schema of one service, which is also that of `defaults`.

import { RATE_PATTERN } from './rate.ts';
import { HEALTH } from './schema-health.ts';
import {
  choice,
  count,
  countOr,
  duration,
  flag,
  listOf,
  map,
  NAME_PATTERN,
  named,
  networks,
  orFalse,
  type Schema,
  text,
} from './schema-parts.ts';

const nodeName = text('A node out of nodes:.', 'must be the name of a node', { pattern: NAME_PATTERN });
const LISTEN_MESSAGE = 'must be a port, "ADDRESS:PORT", "FIRST-LAST", "unix:/path", "systemd:NAME", or a list of them';
const RATE_MESSAGE = 'must be a rate such as 20/s, { rate: 20/s, burst: 40 }, or none';

const listenOne: Schema = {
  type: ['integer', 'string'],
  minimum: 1,
  maximum: 65_535,
  format: 'listen',
  errorMessage: LISTEN_MESSAGE.replace(', or a list of them', ''),
};

const listen: Schema = {
  ...listenOne,
  type: ['integer', 'string', 'array'],
  description:
    '443 (all addresses, IPv4 and IPv6), "192.0.2.1:443", "[::1]:443", "8000-8010", "unix:/path", "systemd:NAME", or a list.',
  items: listenOne,
  minItems: 1,
  uniqueItems: true,
  errorMessage: LISTEN_MESSAGE,
};

const hash = map('source: how a client is mapped to a node.', {
  method: choice(
    "rendezvous moves only the lost node's clients; haproxy maps as HAProxy does.",
    ['rendezvous', 'haproxy'],
    'rendezvous',
  ),
  prefix_v4: count('Bits of an IPv4 address that count.', 1, 32, { default: 32 }),
  prefix_v6: count('Bits of an IPv6 address that count.', 1, 128, { default: 64 }),
  v4_mapped: flag('haproxy: hash IPv4 clients as HAProxy does on a ":::PORT v4v6" bind.', false),
  bound: {
    type: ['number', 'string'],
    description: 'No backend above this many times its fair share; only where nodes are interchangeable.',
    default: 'none',
    exclusiveMinimum: 1,
    maximum: 100,
    errorMessage: 'must be a number above 1 such as 1.25, or none',
    if: { type: 'string' },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { const: 'none', errorMessage: 'must be a number above 1 such as 1.25, or none' },
  },
});

/** No clock is looked at more often, so a shorter timeout could not be kept. */
const BEFORE_RELAY = 'duration-100ms';
const IN_RELAY = 'duration-1s';

const timeouts = map('How long each part of a session may take.', {
  connect: duration('One dial.', '2s', BEFORE_RELAY),
  handshake: duration('From the hello sent to the first byte of the answer (handshake_failover).', '10s', BEFORE_RELAY),
  first_byte: duration(
    'Until the client has sent its PROXY header and, with wait_for_client, its whole hello.',
    '30s',
    BEFORE_RELAY,
  ),
  establish: duration('All dials and handshakes of a session together.', '15s', BEFORE_RELAY),
  queue: duration('Waiting for a place on a full backend.', '10s', BEFORE_RELAY),
  idle: duration('Without a byte in either direction.', '15m', IN_RELAY),
  idle_down: duration('The same, while its backend is down by connect failure.', '30s', IN_RELAY),
  half_closed: duration('The same, after one side has finished.', '1m', IN_RELAY),
  drain: duration('After a stop: how long sessions may still run.', '30s'),
  announce: duration('Before a stop: how long /readyz fails while sessions are still accepted.', '0s'),
});

const proxyProtocol = map('PROXY protocol, v1 and v2.', {
  accept: orFalse(
    networks('Peers that must send a header; false: nobody may.'),
    'must be a list of the networks that send it such as [192.0.2.0/24], or false',
  ),
  send: {
    type: ['string', 'boolean'],
    description: 'v1 or v2: send one to the nodes.',
    default: false,
    enum: ['v1', 'v2', false],
    errorMessage: 'must be v1, v2 or false',
  },
});

const ratePerClient: Schema = {
  ...map('New sessions of one client in a time; refused over it.', {
    rate: text('A count in a second, minute or hour.', 'must be a rate such as 20/s', { pattern: RATE_PATTERN }),
    burst: count('How many may come at once; default: the count of the rate.', 1, 1_000_000),
  }),
  type: ['string', 'object'],
  default: 'none',
  required: ['rate'],
  pattern: `${RATE_PATTERN}|^none$`,
  errorMessage: RATE_MESSAGE,
};

export const SERVICE: Schema = map('A listening port and its rules.', {
  listen,
  port: count('The port on the nodes; default: the listening port.', 1, 65_535),
  nodes: listOf('The nodes that serve it; default: all.', nodeName, 'must be a list of names of nodes', {
    minItems: 1,
  }),
  source_address: text('The local address to dial from.', 'must be an IP address, or none', {
    format: 'source-address',
    default: 'none',
  }),
  balance: choice(
    'Which node a session goes to.',
    ['roundrobin', 'leastconn', 'random', 'source', 'pinned'],
    'roundrobin',
  ),
  node: { ...nodeName, description: 'pinned: the one node.' },
  hash,
  timeouts,
  retries: count('Further candidates tried, never the same twice.', 0, 100, { default: 3 }),
  wait_for_client: flag('Dial only when the client has sent something.', false),
  handshake_failover: flag('Send the hello of TLS again to another node when one does not answer it.', false),
  health: HEALTH,
  passive: flag('Failures of real sessions ask for an immediate probe.', true),
  on_down: choice('close: end the running sessions of a backend that goes down.', ['keep', 'close'], 'keep'),
  when_all_down: choice('use_all: try all ready nodes when all are down.', ['use_all', 'refuse'], 'use_all'),
  slow_start: duration('A backend that came back takes its share gradually over this time.', '0s'),
  max_sessions: countOr('auto', 'Sessions at once; auto: 75 % of what the process may have.', 1, 10_000_000),
  max_sessions_per_backend: countOr('none', 'Sessions at once on one node.', 1, 10_000_000),
  queue: count('How many may wait for a place on a full backend.', 0, 1_000_000, { default: 1024 }),
  max_sessions_per_client: countOr('none', 'Sessions at once of one client.', 1, 10_000_000),
  rate_per_client: ratePerClient,
  allow: networks('Only these clients; empty: everyone.'),
  deny: networks('Not these clients.'),
  proxy_protocol: proxyProtocol,
  keepalive: orFalse(
    duration('TCP keepalive on both sides; false: none.', '60s', 'duration-1s'),
    'must be a duration of at least 1s such as 60s, or false',
  ),
});

export const SERVICES: Schema = named('Services of your own, and what differs from the profile.', 'services', {
  type: ['object', 'boolean'],
  errorMessage: 'must be a map of the keys of a service ({}: as it is), or false to take it out',
  if: { type: 'boolean' },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: {
    const: false,
    errorMessage: 'must be a map of the keys of a service ({}: as it is), or false to take it out',
  },
  else: { $ref: '#/definitions/service' },
});
