// What an episode does: which file, which clients come when and behave how, what breaks when. A function of the seed and
// nothing else. Names faults; what they are stands in faults/.

import type { Fault } from './faults/fault.ts';
import { FAULTS, type FaultName } from './faults/table.ts';
import type { Ending } from './protocol.ts';
import { Random } from './random.ts';
import { CA_NODE, KINDS, NODES, type NodeName, type ServiceRow } from './services.ts';

export interface Round {
  readonly up: number;
  readonly down: number;
}

/** `talk`: all rounds. `slow`: and it stops reading for a while. `vanish`: a RST in the middle. `leave`: not a word. */
export type Behaviour = 'talk' | 'slow' | 'vanish' | 'leave';

export interface ClientPlan {
  readonly id: string;
  readonly atMs: number;
  readonly service: string;
  /** Its own address and port, used once. */
  readonly address: string;
  readonly port: number;
  readonly behaviour: Behaviour;
  readonly rounds: readonly Round[];
  /** Between rounds. */
  readonly thinkMs: number;
  readonly ending: Ending;
  /** `slow` and `vanish`: after so many bytes of answers. */
  readonly afterBytes: number;
}

export interface FaultPlan {
  readonly fault: FaultName;
  readonly node: NodeName | undefined;
  readonly atMs: number;
  readonly forMs: number;
  /** For what else the fault has to choose. */
  readonly seed: number;
}

/** What is wrong from the start. */
export interface Surroundings {
  /** The log goes to a disk of 64 kB. */
  readonly smallDisk: boolean;
  /** A clock that can be set (libfaketime). */
  readonly steppedClock: boolean;
  /** The limit of descriptors; undefined: the machine's. */
  readonly descriptors: number | undefined;
}

export interface EpisodePlan {
  readonly seed: number;
  readonly kind: 'foreman-2018' | 'foreman-current';
  readonly relay: 'native' | 'net';
  readonly surroundings: Surroundings;
  readonly clients: readonly ClientPlan[];
  readonly faults: readonly FaultPlan[];
}

export const ACTIVE_MS = 14_000;
const SESSIONS = 140;
export const FIRST_PORT = 20_000;
const FROM = Array.from({ length: 12 }, (_, i) => `127.20.2.${i + 1}`);
/** Of the nodes at most so many are ill at once, but for what the seed wants otherwise. */
const MOST_ILL = 2;

/** In turn as well, and in another step than the files and relays: twenty seeds in a row have every mixture. */
const ODD = ['none', 'disk', 'clock', 'none', 'descriptors'] as const;

/** So many seeds in a row have every kind of fault. */
export const EVERY_FAULT_IN = 10;
/** A kind's turn comes again after so many seeds: in step neither with the files and relays (four) nor with what is odd (five). */
const ROUND = EVERY_FAULT_IN - 1;
const ALL = Object.values(FAULTS);
const COMMON = ALL.filter(({ needs }) => needs === undefined);
/** Dealt apart: of what befalls the balancer, only one thing at a time finds room. */
const DEALT = [
  COMMON.filter(({ target }) => target !== 'balancer'),
  COMMON.filter(({ target }) => target === 'balancer'),
];

export function planOf(seed: number): EpisodePlan {
  const random = new Random(seed);
  // In turn, so that any four seeds in a row have them all.
  const kind = seed % 2 === 0 ? 'foreman-2018' : 'foreman-current';
  const relay = seed % 4 < 2 ? 'native' : 'net';
  const clients = planClients(random.fork(), kind);
  return { seed, kind, relay, surroundings: surroundingsOf(seed), clients, faults: planFaults(random.fork(), seed) };
}

function surroundingsOf(seed: number): Surroundings {
  const odd = ODD[seed % ODD.length];
  return {
    smallDisk: odd === 'disk',
    steppedClock: odd === 'clock',
    descriptors: odd === 'descriptors' ? 600 : undefined,
  };
}

function planClients(random: Random, kind: EpisodePlan['kind']): readonly ClientPlan[] {
  const plans = Array.from({ length: SESSIONS }, (_, i) => planClient(random, KINDS[kind], i, ACTIVE_MS));
  return plans.sort((a, b) => a.atMs - b.atMs);
}

/** The `number`th client, which comes within `withinMs`. */
export function planClient(random: Random, rows: readonly ServiceRow[], number: number, withinMs: number): ClientPlan {
  const { name, tls } = random.pick(rows);
  const behaviour = random.weighted({ talk: 16, slow: 3, vanish: 2, leave: 1 });
  const long = random.chance(0.06);
  const rounds = Array.from({ length: random.between(1, 4) }, () => ({
    up: size(random, long && random.chance(0.3)),
    down: size(random, long),
  }));
  const bytes = rounds.reduce((sum, { down }) => sum + down, 0);
  return {
    id: `c${number}`,
    atMs: random.between(0, withinMs),
    service: name,
    address: random.pick(FROM),
    port: FIRST_PORT + number,
    behaviour,
    rounds,
    thinkMs: random.chance(0.25) ? random.between(500, 5000) : random.between(0, 100),
    ending: random.pick(tls ? ['client', 'node'] : ['client', 'node', 'half']),
    afterBytes: random.between(0, Math.max(0, bytes - 1)),
  };
}

function size(random: Random, long: boolean): number {
  if (long) return random.between(500_000, 4_000_000);
  return random.chance(0.2) ? random.between(0, 3) : Math.floor(60_000 ** random.next());
}

function planFaults(random: Random, seed: number): readonly FaultPlan[] {
  const plans = [...planDealt(random, seed)];
  const suited = ALL.filter((fault) => suits(fault, surroundingsOf(seed)));
  const weights = Object.fromEntries(suited.map(({ name, weight }) => [name, weight])) as Record<FaultName, number>;
  const wanted = random.between(5, 9);
  for (let tries = 0; plans.length < wanted && tries < 100; tries++) {
    const kind = FAULTS[random.weighted(weights)];
    const plan = planFault(random, kind);
    if (kind.once && plans.some(({ fault }) => fault === kind.name)) continue;
    if (fits(plan, plans)) plans.push(plan);
  }
  return plans.sort((a, b) => a.atMs - b.atMs);
}

/**
 * What must happen in this episode, beginning with what its surroundings are for: a process that hands over while its disk
 * is full could not leave its records. Drawn anew until all of it finds room: there is enough, only not for any order.
 */
function planDealt(random: Random, seed: number): readonly FaultPlan[] {
  const kinds = dealt(seed);
  for (let tries = 0; tries < 1000; tries++) {
    const plans: FaultPlan[] = [];
    for (const kind of kinds) {
      const plan = planFault(random, kind, kind.needs !== undefined);
      if (fits(plan, plans)) plans.push(plan);
    }
    if (plans.length === kinds.length) return plans;
  }
  throw new Error(`seed ${seed}: no room for ${kinds.map(({ name }) => name).join(', ')}`);
}

/** The kinds of faults go round over the seeds, so that none is left to luck. */
function dealt(seed: number): readonly Fault<FaultName>[] {
  const befitting = ALL.filter(({ needs }) => needs !== undefined && surroundingsOf(seed)[needs]);
  // Those that need the same surroundings take turns.
  const odd = befitting.slice(Math.floor(seed / ODD.length) % befitting.length).slice(0, 1);
  const own = turn(seed).filter((fault) => suits(fault, surroundingsOf(seed)));
  // What was out of place when its turn came, comes one seed later.
  const late = turn(seed - 1).filter((fault) => !suits(fault, surroundingsOf(seed - 1)));
  return [...odd, ...own, ...late];
}

const turn = (seed: number): readonly Fault<FaultName>[] =>
  DEALT.flatMap((kinds) => kinds.filter((_, i) => i % ROUND === seed % ROUND));

const suits = ({ needs, unless }: Fault, surroundings: Surroundings): boolean =>
  (needs === undefined || Boolean(surroundings[needs])) && (unless === undefined || !surroundings[unless]);

function planFault(random: Random, { name, target, lastsMs }: Fault<FaultName>, first = false): FaultPlan {
  const forMs = random.between(...lastsMs);
  const atMs = random.between(500, first ? 1500 : Math.max(501, ACTIVE_MS - forMs));
  const node = target === 'node' ? random.pick(NODES) : target === 'not-ca' ? pickNotCa(random) : undefined;
  return { fault: name, node, atMs, forMs, seed: random.between(0, 2 ** 31) };
}

function pickNotCa(random: Random): NodeName {
  return random.pick(NODES.filter((node) => node !== CA_NODE));
}

/** One thing at a time for a node, and for the balancer. */
function fits(plan: FaultPlan, plans: readonly FaultPlan[]): boolean {
  const spoils = (one: FaultName, other: FaultName): boolean => FAULTS[one].neverWith === other;
  if (plans.some(({ fault }) => spoils(fault, plan.fault) || spoils(plan.fault, fault))) return false;
  const together = plans.filter((p) => p.atMs < plan.atMs + plan.forMs + 500 && plan.atMs < p.atMs + p.forMs + 500);
  if (together.some(({ node }) => node === plan.node)) return false;
  return plan.node === undefined || together.filter(({ node }) => node !== undefined).length < MOST_ILL;
}
