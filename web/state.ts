// What state a backend is in, as one word, one shape and one sentence; and what all of them together come to. Pure: out of
// the messages of the process, no elements.

import type { PageBackend, PageMessage, PageService } from '../src/control/page-message.ts';

export const STATES = {
  up: 'M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1z',
  down: 'M3 1 1 3l5 5-5 5 2 2 5-5 5 5 2-2-5-5 5-5-2-2-5 5z',
  drain: 'M1 2h14L8 15z',
  maint: 'M1 1h14v14H1zM4 4v8h8V4z',
  'no address': 'M8 0l8 8-8 8-8-8zM8 4.5 4.5 8 8 11.5 11.5 8z',
} as const;
export type State = keyof typeof STATES;

/** What the operator wants goes before what was observed. */
export function stateOf(backend: PageBackend): State {
  if (backend.admin !== 'ready') return backend.admin;
  if (backend.address === undefined) return 'no address';
  return backend.health;
}

/** Why it is as it is, in words; mostly empty. */
export function whyOf(backend: PageBackend): string {
  const down = backend.admin === 'drain' && backend.health === 'down' ? `down: ${backend.reason}` : backend.reason;
  return [down, backend.note].filter((text) => text !== '').join('; ');
}

export interface Verdict {
  readonly level: 'good' | 'warn' | 'bad';
  readonly text: string;
  readonly more: readonly string[];
}

export function verdict(message: PageMessage): Verdict {
  const backends = message.services.flatMap((service) => service.backends);
  const down = backends.filter((backend) => isOut(backend));
  const grave = message.services.flatMap(graveOf);
  if (message.notReady !== '') grave.unshift(`it takes no new sessions: ${message.notReady}`);
  const aside = new Set(backends.filter((b) => b.admin !== 'ready').map((b) => `${b.node} is in ${b.admin}`));
  const places = new Map<string, number>();
  for (const { node } of down) places.set(node, (places.get(node) ?? 0) + 1);
  const where = [...places].map(([node, times]) => `${node}: ${times} ${times === 1 ? 'service' : 'services'}`);
  const downText = `${down.length} of ${backends.length} backends ${down.length === 1 ? 'is' : 'are'} down`;
  const [first, ...others] = grave;
  if (first !== undefined) {
    return { level: 'bad', text: first, more: [...others, ...(down.length > 0 ? [downText] : []), ...where, ...aside] };
  }
  if (down.length > 0) return { level: 'warn', text: downText, more: [...where, ...aside] };
  const [one, ...rest] = aside;
  if (one !== undefined) return { level: 'warn', text: one, more: [...rest, 'everything else is up'] };
  return {
    level: 'good',
    text: backends.length === 1 ? 'The only backend is up' : `All ${backends.length} backends are up`,
    more: [],
  };
}

function isOut(backend: PageBackend): boolean {
  const state = stateOf(backend);
  return state === 'down' || state === 'no address';
}

function graveOf(service: PageService): string[] {
  const { service: name, backends, pinned, failingOpen } = service;
  if (pinned !== undefined) {
    const only = backends.find((backend) => backend.node === pinned);
    if (only === undefined || stateOf(only) === 'up') return [];
    return [`${name}: its only node ${pinned} is ${stateOf(only)}`];
  }
  if (failingOpen) return [`${name} fails open: all its nodes are down, they are tried anyway`];
  return backends.some((backend) => stateOf(backend) === 'up') ? [] : [`${name} has no available node`];
}

/** The states of all backends, to tell what changed: `https on proxy02` → `down: connect refused`. */
export function standings(message: PageMessage): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (const service of message.services) {
    for (const backend of service.backends) all.set(`${service.service} on ${backend.node}`, stateOf(backend));
    all.set(service.service, service.failingOpen ? 'failing open' : 'not failing open');
  }
  return all;
}

/** What a screen reader is told of a new message: only changes of state, and few at once. */
export function news(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string {
  const changes: string[] = [];
  for (const [what, state] of now)
    if (before.has(what) && before.get(what) !== state) changes.push(`${what}: ${state}`);
  const told = changes.slice(0, 5).join(', ');
  return changes.length > 5 ? `${told}, and ${changes.length - 5} more changes` : told;
}
