// The command lines of `npm run bench`, `npm run bench:scale` and `npm run bench:threads`.

import { parseArgs } from 'node:util';
import { PEERS } from './peers/peers.ts';
import { WORKS } from './works.ts';

/** The newest LTS: what the figures are meant for. */
export const RECOMMENDED_NODE = 24;

export const USAGE = `usage: npm run bench -- [options]
  --quick            few short rounds (about 3 minutes)
  --only WORK,…      ${WORKS.map((work) => work.name).join(', ')}
  --peers NAME,…     ${PEERS.map((peer) => peer.name).join(', ')}
  --node N           the Node that chargehand and the bare pipe run on (default ${RECOMMENDED_NODE}, fetched into .cache/ once)
  --node-args ARGS   arguments for that Node, such as "--max-semi-space-size=32"
  --rounds N  --seconds S
  --port N           first port of the proxies (default 21000); keep below 32768
  --write            write bench/results/latest.json, README.md and docs/performance.md although other options were given`;

export const SCALE_USAGE = `usage: npm run bench:scale -- [options]
  --quick, --peers, --node, --node-args, --rounds, --seconds, --port, --write: as for npm run bench`;

export const THREADS_USAGE = `usage: npm run bench:threads -- [options]
  --quick, --node, --node-args, --rounds, --seconds, --port, --write: as for npm run bench`;

/** What is done where the command line is silent. */
export interface Defaults {
  readonly peers: typeof PEERS;
  readonly rounds: number;
  readonly seconds: number;
}

export const BENCH_DEFAULTS: Defaults = { peers: PEERS, rounds: 5, seconds: 1 };

export interface BenchOptions {
  readonly works: typeof WORKS;
  readonly peers: typeof PEERS;
  readonly node: number;
  readonly nodeArgs: readonly string[];
  readonly rounds: number;
  /** Memory hardly varies, and each round of it starts a process and thousands of sessions. */
  readonly memoryRounds: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly port: number;
  /** Whether this run's figures are to stand in the documents. */
  readonly write: boolean;
}

function chosen<T extends { readonly name: string }>(
  what: string,
  all: readonly T[],
  list: string | undefined,
): readonly T[] {
  if (list === undefined) return all;
  return list.split(',').map((name) => {
    const item = all.find((candidate) => candidate.name === name);
    if (item === undefined) throw new Error(`no ${what} "${name}"; there are ${all.map((i) => i.name).join(', ')}`);
    return item;
  });
}

function number(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!(value > 0)) throw new Error(`--${name} takes a number above 0, not "${text}"`);
  return value;
}

/** Throws with one line on what is wrong; undefined: help was asked for. */
export function parseOptions(args: readonly string[], defaults = BENCH_DEFAULTS): BenchOptions | undefined {
  const { values: v } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      only: { type: 'string' },
      peers: { type: 'string' },
      node: { type: 'string' },
      'node-args': { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      port: { type: 'string' },
    },
  });
  if (v.help) return undefined;
  const rounds = number('rounds', v.rounds, v.quick ? Math.min(3, defaults.rounds) : defaults.rounds);
  // Anything but the plain run is somebody's experiment.
  const whole = args.length === 0;
  return {
    works: chosen('work', WORKS, v.only),
    peers: v.peers === undefined ? defaults.peers : chosen('peer', PEERS, v.peers),
    node: number('node', v.node, RECOMMENDED_NODE),
    nodeArgs: v['node-args']?.split(' ').filter(Boolean) ?? [],
    rounds,
    memoryRounds: Math.min(rounds, v.quick ? 1 : 3),
    seconds: number('seconds', v.seconds, v.quick ? 0.5 : defaults.seconds),
    warmup: v.quick ? 0.2 : 0.3,
    port: number('port', v.port, 21_000),
    write: whole || v.write,
  };
}
