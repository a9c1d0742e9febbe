// The JSON Schema of the whole file: the shape, the words and the bounds of every key. What takes two keys to judge is
// checks.ts's. Published for editors as config/schema.json.

import { PROFILE_NAMES } from './profiles/profile.ts';
import {
  choice,
  count,
  countOr,
  duration,
  file,
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
import { SERVICE, SERVICES } from './schema-service.ts';

const ADDRESS_MESSAGE = 'must be an IP address or a DNS name, without a port';
const NODE_MESSAGE = 'must be an address, a DNS name, or a map such as { address: 192.0.2.11, weight: 2 }';
const address = text('An IP address or a DNS name.', ADDRESS_MESSAGE, { format: 'host' });
const serviceName = text('A service.', 'must be the name of a service', { pattern: NAME_PATTERN });

const node: Schema = {
  ...map('A machine behind the load balancer.', {
    address,
    weight: count('Its share.', 1, 1_000, { default: 1 }),
    backup: flag('Used only when no other node is available.', false),
    state: choice('ready, drain (no new sessions) or maint (no probes either).', ['ready', 'drain', 'maint'], 'ready'),
    services: listOf('The services it serves; default: all.', serviceName, 'must be a list of names of services'),
    ports: {
      ...named('Where its port differs: service to port.', 'services to ports', count('A port.', 1, 65_535)),
    },
  }),
  type: ['string', 'object'],
  format: 'host',
  required: ['address'],
  errorMessage: NODE_MESSAGE,
};

const http = orFalse(
  map('The read-only port: /metrics, /healthz, /readyz and the page.', {
    listen: {
      type: ['integer', 'string'],
      description: 'A port or "ADDRESS:PORT".',
      default: '127.0.0.1:8404',
      minimum: 1,
      maximum: 65_535,
      format: 'http-listen',
      errorMessage: 'must be a port or "ADDRESS:PORT"',
    },
    allow: networks('Who may ask; empty: everyone who can reach it.'),
    page: flag('The status page.', true),
  }),
  'must be a map with the keys listen, allow or page, or false for none',
);

const log = map('What is logged, and how.', {
  level: choice('The least important line that is written.', ['trace', 'debug', 'info', 'warn', 'error'], 'info'),
  sessions: choice('Which sessions get a line.', ['all', 'failed', 'none'], 'all'),
  format: choice('auto: text on a terminal, else json.', ['auto', 'json', 'text', 'haproxy'], 'auto'),
  session_start: flag('A line at the start of a session, too.', false),
});

const admin = orFalse(
  map('The socket of the operator commands.', {
    socket: { ...file('Where it is.'), format: 'socket-path', default: '/run/chargehand/admin.sock' },
    mode: text('Its mode, in quotes.', 'must be an octal mode in quotes such as "0660"', {
      pattern: '^0?[0-7]{3}$',
      default: '0660',
    }),
    group: text('Its group.', 'must be the name of a group', {
      pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$',
      default: 'chargehand',
    }),
    state: { ...file('Where it is kept what the operator set.'), default: '/var/lib/chargehand/state.json' },
  }),
  'must be a map with the keys socket, mode, group or state, or false for none',
);

const repository = text(
  'A path of a repository.',
  'must be the path of a repository as it stands in its URL after the host, from "/" on',
  { pattern: '^/[\\u0021-\\u007e]*$' },
);

export const SCHEMA: Schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'chargehand configuration',
  ...map(
    'The configuration of chargehand, a TCP load balancer for groups of Foreman and Katello Smart Proxies.',
    {
      version: { description: 'The version of this file format.', const: 1, errorMessage: 'must be 1' },
      name: text('The name that clients dial.', 'must be the DNS name that clients dial', { format: 'hostname' }),
      profile: choice('Ready services for Smart Proxies.', PROFILE_NAMES),
      ca_node: text('The one node that signs certificates.', 'must be the name of a node', { pattern: NAME_PATTERN }),
      nodes: {
        ...named('The machines behind the load balancer.', 'names to addresses', node),
        type: 'object',
        minProperties: 1,
        errorMessage: 'must be a map of at least one node: { proxy01: 192.0.2.11 }',
      },
      defaults: {
        type: ['object', 'null'],
        description: 'Keys of a service, for all services.',
        errorMessage: 'must be a map of the keys of a service',
        if: { type: 'object' },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { $ref: '#/definitions/service' },
      },
      services: SERVICES,
      http,
      admin,
      haproxy: map("HAProxy's own interfaces.", {
        socket: { ...file('Its socket.'), format: 'socket-path' },
        metrics: flag("The names of HAProxy's exporter in /metrics.", false),
      }),
      log,
      max_sessions: countOr(
        'auto',
        'Sessions at once in the whole process; auto: from the descriptor limit.',
        1,
        10_000_000,
      ),
      relay: map('Who moves the bytes.', {
        kind: choice('The relay.', ['auto', 'net', 'native'], 'auto'),
        threads: countOr('auto', 'Threads of the native relay.', 1, 256),
      }),
      doctor: map('Comparing the nodes with each other, now and then.', {
        interval: duration('How often; at least 1m.', '1h', 'duration-1m'),
        repositories: listOf('Repositories to compare.', repository, 'must be a list of paths', { default: [] }),
      }),
    },
    { required: ['version', 'nodes'], errorMessage: 'must be a map: a configuration begins with "version: 1"' },
  ),
  definitions: {
    service: SERVICE,
  },
};
