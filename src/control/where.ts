// Where a client is sent in one service now, and why, in words. Asks the same balancer and the same pool as a session does,
// and picks nothing: what a strategy with turns would do next is not told, since asking would move it.

import { createBalancer } from '../balancer/strategies.ts';
import type { ServiceConfig } from '../config/config.ts';
import { canonicalAddress, cidrMatcher, isAddress } from '../core/address.ts';
import type { Backend, Pool } from '../core/pool.ts';
import { printable } from '../core/printable.ts';
import { ChargehandError } from '../errors.ts';

export interface WhereAnswer {
  readonly service: string;
  /** The node; null: nobody, or any of `any_of`. */
  readonly node: string | null;
  /** Where it is whoever's turn it is: all who may be next. */
  readonly any_of: readonly string[];
  /** Who takes over when `node` can't be had; null: nobody. */
  readonly next: string | null;
  /** A sentence. */
  readonly why: string;
}

interface Asked {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly pool: Pool;
}

export function whereIs(service: Asked, clientText: string): WhereAnswer {
  if (!isAddress(clientText)) {
    throw new ChargehandError('bad-client', `${printable(clientText)} is not an IP address`, { side: 'client' });
  }
  const client = canonicalAddress(clientText);
  const { allow, deny, balance } = service.config;
  if (cidrMatcher(deny)(client)) return nobody(service, 'denied: it is in the deny list');
  if (allow.length > 0 && !cidrMatcher(allow)(client)) return nobody(service, 'denied: it is not in the allow list');
  switch (balance.strategy) {
    case 'pinned':
      return pinned(service, balance.node);
    case 'source':
      return bySource(service, client);
    default:
      return byTurns(service);
  }
}

function pinned(service: Asked, node: string): WhereAnswer {
  const backend = present(service.pool).find((b) => b.node === node);
  if (backend === undefined) return nobody(service, `pinned to ${node}, which does not serve it`);
  if (!service.pool.isCandidate(backend, [])) {
    return nobody(service, `pinned to ${node}, which is ${standing(backend)}: refused, and nobody takes its place`);
  }
  const though = backend.health === 'down' ? `; it is ${standing(backend)}, and dialled all the same` : '';
  return { ...only(service, backend), why: `pinned${though}${full(service, backend)}` };
}

function bySource(service: Asked, client: string): WhereAnswer {
  const { config, pool } = service;
  // Built anew, as a source hash remembers nothing: the same names and weights give the same node.
  const balancer = createBalancer(config.balance, config.backends);
  const candidates = pool.candidates([]);
  const node = balancer.pick(candidates, client);
  if (node === undefined) return nobody(service, nobodyLeft(service));
  const next = balancer.pick(pool.candidates([node]), client);
  const own = balancer.pick(
    present(pool).filter((b) => !b.spec.backup),
    client,
  );
  const open = pool.failingOpen ? '; all nodes are down, it is tried all the same' : '';
  const away =
    own === undefined || own === node
      ? ''
      : `; its own node ${own.node} is ${candidates.includes(own) ? 'over its bound' : standing(own)}`;
  return {
    ...only(service, node),
    next: next?.node ?? null,
    why: `hash of ${client}${away}${open}${full(service, node)}`,
  };
}

function byTurns(service: Asked): WhereAnswer {
  const { pool, config } = service;
  const candidates = pool.candidates([]);
  const [first] = candidates;
  if (first === undefined) return nobody(service, nobodyLeft(service));
  const free = candidates.filter((b) => !pool.isFull(b));
  const others = present(pool).filter((b) => !candidates.includes(b) && b.spec.backup === first.spec.backup);
  const not = [
    ...candidates.filter((b) => pool.isFull(b)).map((b) => `${b.node} is full`),
    ...others.map((b) => `${b.node} is ${standing(b)}`),
  ];
  const reasons = [
    pool.failingOpen ? 'all nodes are down, they are tried all the same' : config.balance.strategy,
    ...(first.spec.backup ? ['only backups are left'] : []),
    ...(free.length === 0 ? ['all are full: it waits for the first free place'] : []),
    ...not,
  ];
  const why = reasons.join('; ');
  const next = first.spec.backup ? undefined : pool.candidates(candidates)[0];
  if (candidates.length === 1) return { ...only(service, first), next: next?.node ?? null, why };
  return {
    service: service.name,
    node: null,
    any_of: (free.length === 0 ? candidates : free).map((b) => b.node),
    next: next?.node ?? null,
    why,
  };
}

function only(service: Asked, backend: Backend): WhereAnswer {
  return { service: service.name, node: backend.node, any_of: [backend.node], next: null, why: '' };
}

function nobody(service: Asked, why: string): WhereAnswer {
  return { service: service.name, node: null, any_of: [], next: null, why };
}

function nobodyLeft(service: Asked): string {
  const all = present(service.pool).map((b) => `${b.node} is ${standing(b)}`);
  return all.length === 0 ? 'refused: it has no nodes' : `refused: ${all.join('; ')}`;
}

function present(pool: Pool): readonly Backend[] {
  return pool.backends.filter((backend) => !backend.removed);
}

function full(service: Asked, backend: Backend): string {
  return service.pool.isFull(backend) ? '; it is full: the session waits for a place' : '';
}

/** Why a backend is no candidate. */
function standing(backend: Backend): string {
  if (backend.admin !== 'ready') return `in ${backend.admin}`;
  if (backend.address === undefined) return 'without an address: its name was not resolved';
  if (backend.health === 'down') return `down (${backend.reason})`;
  return backend.spec.backup ? 'a backup' : 'up';
}
