// The schema of a service's `health`.

import { PROBE_NAMES } from './named-probes.ts';
import { choice, count, duration, file, flag, listOf, map, type Schema, text } from './schema-parts.ts';

const SHORT_FORMS = ['tcp', ...PROBE_NAMES];
const MESSAGE = `must be false, ${SHORT_FORMS.join(', ')}, or a map such as { type: https, path: /status }`;

const status = count('A status of HTTP.', 100, 599);

const predicate: Schema = {
  type: ['string', 'number', 'boolean', 'null', 'object'],
  description: 'A value it must be equal to; not_empty; { contains: [...] }; or { min: N }.',
  errorMessage: 'must be a value, not_empty, { contains: [...] } or { min: N }',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties: {
    contains: {
      type: 'array',
      description: 'The list there must contain all of these.',
      items: { type: ['string', 'number', 'boolean'], errorMessage: 'must be text, a number, true or false' },
      errorMessage: 'must be a list of values',
    },
    min: { type: 'number', description: 'The number there must be at least this.', errorMessage: 'must be a number' },
  },
};

const headers = (description: string): Schema => ({
  type: 'object',
  description,
  errorMessage: 'must be a map from a header to its text',
  propertyNames: { pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", errorMessage: 'is no name of a header' },
  additionalProperties: {
    type: 'string',
    pattern: '^[\\t\\u0020-\\u007e\\u00a0-\\u00ff]*$',
    errorMessage: 'must be text on one line',
  },
});

const expect = map('What the answer must be (http, https).', {
  status: listOf('One of these; an empty list: any status.', status, 'must be a list of statuses such as [200]', {
    default: [200],
  }),
  contains: text('The body must contain this text.', 'must be some text'),
  headers: headers('Headers the answer must have, each with this text in it; {name}: the name that clients dial.'),
  json: {
    type: 'object',
    description: 'The body must be JSON; a path ("a.b", "$" for the whole) to what must be there.',
    errorMessage: 'must be a map from a path such as database_connection.connected to a value',
    propertyNames: {
      pattern: '^(\\$|[^\\s.]+(\\.[^\\s.]+)*)$',
      errorMessage: 'is no path: write keys with dots between, such as database_connection.connected, or "$"',
    },
    additionalProperties: predicate,
  },
});

const details = map('How a backend is asked whether it is well.', {
  probe: choice('A ready probe; other keys change its details.', PROBE_NAMES),
  type: choice('What the probe speaks.', ['tcp', 'tls', 'http', 'https'], 'tcp'),
  port: count('The port asked, where it is not the port of the service.', 1, 65_535),
  method: text('The method (http, https).', 'must be a method such as GET', {
    pattern: '^[A-Z]{1,20}$',
    default: 'GET',
  }),
  path: text('The path asked for (http, https).', 'must be a path that begins with / and has no spaces', {
    pattern: '^/[\\u0021-\\u007e]*$',
    default: '/',
  }),
  headers: headers('Headers to send (http, https).'),
  expect,
  interval: duration('From one probe to the next.', '5s', 'duration-100ms'),
  fast_interval: duration('The same while a state is changing.', '1s', 'duration-100ms'),
  timeout: duration('One deadline for the whole probe.', '3s', 'duration-100ms'),
  rise: count('Good results in a row that bring a backend up.', 1, 100, { default: 2 }),
  fall: count('Bad results in a row that take it down.', 1, 100, { default: 3 }),
  ca: file('A file of certificates; with it, chain, name and expiry decide (tls, https).'),
  servername: text(
    'SNI and the expected name; default: the name at the top of the file (tls, https).',
    'must be a DNS name',
    {
      format: 'hostname',
    },
  ),
  cert: file('A client certificate (tls, https); with key.'),
  key: file('Its key.'),
  upstream: flag('The probe asks something behind the nodes: a failure is told, and takes no node out.', false),
});

export const HEALTH: Schema = {
  ...details,
  type: ['object', 'string', 'boolean'],
  default: 'tcp',
  errorMessage: MESSAGE,
  allOf: [
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    { if: { type: 'string' }, then: { enum: SHORT_FORMS, errorMessage: MESSAGE } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    { if: { type: 'boolean' }, then: { const: false, errorMessage: MESSAGE } },
  ],
};
