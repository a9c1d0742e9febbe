// The merged `health` of a service as the checker wants it: long form, milliseconds, nothing left open.

import type { HealthConfig, JsonExpectation } from './config.ts';
import { durationMs } from './duration.ts';
import type { MergedHealth, RawPredicate, RawScalar } from './raw.ts';

/** `name`: what clients dial, the SNI of every probe that does not say otherwise. */
export function normalizeHealth(health: MergedHealth, name: string | undefined): HealthConfig {
  const { type } = health;
  const tls = type === 'tls' || type === 'https';
  return {
    name: health.probe ?? type,
    type,
    port: health.port,
    ...(type === 'http' || type === 'https' ? question(health, name) : NO_QUESTION),
    intervalMs: durationMs(health.interval),
    fastIntervalMs: durationMs(health.fast_interval),
    timeoutMs: durationMs(health.timeout),
    rise: health.rise,
    fall: health.fall,
    ca: tls ? health.ca : undefined,
    cert: tls ? health.cert : undefined,
    key: tls ? health.key : undefined,
    servername: tls ? (health.servername ?? name) : undefined,
    upstream: health.upstream,
  };
}

type Question = Pick<HealthConfig, 'method' | 'path' | 'headers' | 'expect'>;

/** Of a probe that asks nothing: always the same, so that checks of one port can be shared. */
const NO_QUESTION: Question = {
  method: 'GET',
  path: '/',
  headers: {},
  expect: { status: [], contains: undefined, headers: {}, json: {} },
};

/** Stands for the name that clients dial, in what a header of the answer must contain. */
const NAME = '{name}';

function question(health: MergedHealth, name: string | undefined): Question {
  const { method, path, headers, expect } = health;
  const json = Object.fromEntries(Object.entries(expect.json).map(([at, predicate]) => [at, expectation(predicate)]));
  return {
    method,
    path,
    headers: Object.fromEntries(Object.entries(headers)),
    expect: {
      status: [...expect.status],
      contains: expect.contains,
      headers: wantedHeaders(expect.headers, name),
      json,
    },
  };
}

/** Names in lower case. Where nobody knows the name, the header must only be there. */
function wantedHeaders(headers: Readonly<Record<string, string>>, name = ''): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([header, text]) => [header.toLowerCase(), text.replaceAll(NAME, () => name)]),
  );
}

function expectation(predicate: RawPredicate): JsonExpectation {
  if (predicate === 'not_empty') return { notEmpty: true };
  if (typeof predicate !== 'object' || predicate === null) return { equals: predicate };
  if (predicate.min !== undefined) return { min: predicate.min };
  return { contains: (predicate.contains ?? []).filter(isPlain) };
}

function isPlain(value: RawScalar): value is Exclude<RawScalar, null> {
  return value !== null;
}
