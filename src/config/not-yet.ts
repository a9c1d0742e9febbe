// Keys of the contract that do nothing in this version yet, and what is done in their place. An entry goes when its
// function comes; with the last one this file goes.

import type { Problem } from '../errors.ts';
import type { HealthConfig } from './config.ts';
import type { Draft } from './expand.ts';
import { isMap } from './merge.ts';
import { keysOf, type Source } from './source.ts';

interface NotYet {
  readonly pointer: string;
  /** The values that do nothing; left out: all. */
  readonly when?: (value: unknown) => boolean;
}

const NOT_YET: readonly NotYet[] = [
  { pointer: '/admin' },
  { pointer: '/haproxy' },
  { pointer: '/doctor' },
  { pointer: '/relay/kind', when: (kind) => kind === 'native' },
  { pointer: '/relay/threads', when: (threads) => threads !== 'auto' },
  { pointer: '/http/page', when: (page) => page === true },
  { pointer: '/log/format', when: (format) => format === 'haproxy' },
];

const NO_EFFECT = 'has no effect in this version yet';

/** Whether a whole part of the file does nothing yet. */
export function isNotYet(pointer: string): boolean {
  return NOT_YET.some((entry) => entry.pointer === pointer && entry.when === undefined);
}

export function checkNotYet(drafts: readonly Draft[], source: Source): Problem[] {
  const problems = NOT_YET.filter(
    ({ pointer, when }) => source.has(pointer) && (when?.(valueAt(source, pointer)) ?? true),
  ).map(({ pointer }) => source.problem('warning', pointer, NO_EFFECT, 'key'));
  return [...problems, ...checkProbes(drafts, source)];
}

/** What is probed in place of what the file asks for. */
export function healthInEffect(health: HealthConfig): HealthConfig {
  if (health.type === 'tcp') return health;
  const nothing = { ca: undefined, cert: undefined, key: undefined, servername: undefined };
  const expect = { status: [], contains: undefined, json: {} };
  return { ...health, ...nothing, name: 'tcp', type: 'tcp', method: 'GET', path: '/', headers: {}, expect };
}

function checkProbes(drafts: readonly Draft[], source: Source): Problem[] {
  /** By the place in the file that asks for it; the profile's stand together. */
  const asked = new Map<string, Set<string>>();
  for (const { health, origins } of drafts) {
    if (health === false || health.type === 'tcp') continue;
    const base = origins.get(health.probe === undefined ? '/health/type' : '/health/probe')?.pointer;
    const pointer = base === undefined ? '/profile' : `${base}/health`;
    asked.set(pointer, (asked.get(pointer) ?? new Set()).add(health.probe ?? health.type));
  }
  return [...asked].map(([pointer, probes]) => {
    const what = pointer === '/profile' ? `its health checks (${[...probes].join(', ')}) have` : `${[...probes]} has`;
    return source.problem('warning', pointer, `${what} no effect in this version yet: a TCP check is used`);
  });
}

function valueAt(source: Source, pointer: string): unknown {
  let value = source.value;
  for (const key of keysOf(pointer)) value = isMap(value) ? value[key] : undefined;
  return value;
}
