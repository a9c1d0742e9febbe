// What a reload would touch, or has touched, in lines for people.

import type { Plan } from '../control/reload.ts';

/** One thing a line; empty: nothing. */
export function planLines(plan: Plan): string[] {
  const { listeners, services, backends, sessions, other, restart } = plan;
  const gaps = new Set(listeners.gaps);
  return [
    ...services.added.map((name) => `+ service ${name}`),
    ...services.removed.map((name) => `- service ${name}`),
    ...services.changed.map(({ name, what }) => `~ service ${name}: ${what.map(inFile).join(', ')}`),
    ...listeners.added.map((name) => `+ listens on ${name}${gaps.has(name) ? GAP : ''}`),
    ...listeners.removed.map((name) => `- listens on ${name}`),
    ...backends.flatMap(({ service, added, removed, changed }) => [
      ...added.map((node) => `+ node ${node} in ${service}, down until its first good probe`),
      ...removed.map((node) => `- node ${node} from ${service}`),
      ...changed.map(({ name, what }) => `~ node ${name} in ${service}: ${what.map(inFile).join(', ')}`),
    ]),
    ...sessions.map(({ service, node, running }) => `  ${running} running on ${node} in ${service}: they may finish`),
    ...other.map((key) => `~ ${underscored(key)}`),
    ...restart.map((key) => `! ${underscored(key)}: takes effect with the next restart${UNTIL_THEN[key] ?? ''}`),
  ];
}

const GAP = ': nobody listens there for a moment, since it takes the place of another that must be closed first';

const UNTIL_THEN: Readonly<Record<string, string>> = {
  admin: '; until then the commands reach it as before, if it had a socket (--socket)',
  'admin.socket': '; until then the commands reach it at the socket of before (--socket)',
};

/** Keys of a service or a backend that the file calls otherwise than by their words with underscores. */
const NAMES: Readonly<Record<string, string>> = {
  admin: 'state',
  host: 'address',
  keepaliveMs: 'keepalive',
  slowStartMs: 'slow_start',
};

/** A key of a service or a backend as the file writes it. */
function inFile(key: string): string {
  return NAMES[key] ?? underscored(key);
}

function underscored(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
