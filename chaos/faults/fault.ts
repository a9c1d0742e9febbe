// What a fault is: who it befalls, for how long, what it does to the world, and how that is undone. What it may cost stands
// with it, since that is what invariants hold the program to.

import type { ConfigFile } from '../config-file.ts';
import type { Order } from '../node.ts';
import type { NodeProcess } from '../node-process.ts';
import type { Program } from '../program.ts';
import type { Random } from '../random.ts';
import type { NodeName } from '../services.ts';

/** What faults act on. */
export interface World {
  readonly program: Program;
  node(name: NodeName): NodeProcess;
  readonly file: ConfigFile;
  /** Connects to the balancer from nowhere in particular, and says nothing. */
  readonly crowd: { come(count: number): void; go(): void };
  /** The files that the clock and the disk are made of. */
  readonly directory: string;
}

export interface Struck {
  readonly world: World;
  /** The node it befalls; those without one never ask. */
  readonly node: NodeName;
  readonly random: Random;
  readonly forMs: number;
}

export interface Fault<N extends string = string> {
  readonly name: N;
  /** In words, for the report and the docs. */
  readonly what: string;
  readonly target: 'node' | 'not-ca' | 'balancer';
  /** How often it is chosen beside the others; 0: only by its surroundings. */
  readonly weight: number;
  readonly lastsMs: readonly [least: number, most: number];
  /** At most one an episode. */
  readonly once?: true;
  /** Only where this is so. */
  readonly needs?: 'smallDisk' | 'steppedClock' | 'descriptors';
  /** Only where this is not so. */
  readonly unless?: 'smallDisk';
  /** Not in one episode with this one. */
  readonly neverWith?: 'upgrade';
  /** Sessions on the node may be cut by it: all, or those that had no answer yet. */
  readonly cuts?: 'all' | 'unanswered';
  /** Strikes; what it answers mends. */
  begin(struck: Struck): Promise<() => Promise<void>>;
  /** Where it might come to nothing unseen: asked before it is mended. In words, why it did not strike; undefined: it did. */
  missed?(struck: Struck): Promise<string | undefined>;
}

/** A fault that is a pair of orders to a node. */
export function ordered(begin: Order, end: Order): Fault['begin'] {
  return async ({ world, node }) => {
    await world.node(node).order(begin);
    return () => world.node(node).order(end);
  };
}
