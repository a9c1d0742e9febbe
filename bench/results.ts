// What a run found, as it is written to bench/results/latest.json, and how rounds become one figure.

import type { Environment } from './environment.ts';
import type { Round } from './measure.ts';
import { type Spread, spreadOf } from './statistics.ts';
import type { Target, Work } from './works.ts';

export interface Figure {
  /** undefined: there was no process to measure. */
  readonly value: Spread | undefined;
  /** As the rounds went; null as in JSON: nothing to measure. */
  readonly rounds: readonly (number | null)[];
  /** Medians of what was seen beside it. */
  readonly beside: Readonly<Record<string, number>>;
  /** Of all rounds; empty: nothing went wrong. */
  readonly errors: readonly string[];
}

export interface WorkResult {
  readonly name: string;
  readonly title: string;
  readonly unit: Work['unit'];
  /** By the peer's name. */
  readonly targets: Readonly<Record<string, Target>>;
  /** By the peer's name. */
  readonly peers: Readonly<Record<string, Figure>>;
}

export interface Results {
  readonly environment: Environment;
  readonly rounds: number;
  readonly seconds: number;
  readonly peers: readonly { readonly name: string; readonly title: string; readonly settings: string }[];
  /** Why peers are missing, one line each. */
  readonly skipped: readonly string[];
  readonly works: readonly WorkResult[];
}

const rounded = (value: number) => Number(value.toPrecision(4));

export function figureOf(rounds: readonly Round[]): Figure {
  const values = rounds.flatMap((round) => (round.value === undefined ? [] : [round.value]));
  const names = Object.keys(rounds[0]?.beside ?? {});
  const spread = values.length === 0 ? undefined : spreadOf(values);
  return {
    value: spread && { median: rounded(spread.median), min: rounded(spread.min), max: rounded(spread.max) },
    rounds: rounds.map((round) => (round.value === undefined ? null : rounded(round.value))),
    beside: Object.fromEntries(
      names.map((name) => [name, rounded(spreadOf(rounds.map((round) => round.beside[name] ?? Number.NaN)).median)]),
    ),
    errors: rounds.map((round) => round.errors).filter(Boolean),
  };
}

/**
 * One peer over the reference: the median of the rounds' own ratios, since what ran right after each other met the same
 * machine. undefined where either is missing.
 */
export function ratio(work: WorkResult, peer: string, reference: string): number | undefined {
  const [ours, theirs] = [work.peers[peer]?.rounds ?? [], work.peers[reference]?.rounds ?? []];
  const ratios = ours.flatMap((value, round) => {
    const other = theirs[round];
    return value === null || other === null || other === undefined || other === 0 ? [] : [value / other];
  });
  return ratios.length === 0 ? undefined : spreadOf(ratios).median;
}

/** By peer: its p99 beside the bulk sessions over its p99 alone, of the medians; peers without both are left out. */
export function besideAlone({ peers, works }: Results): readonly { readonly title: string; readonly times: number }[] {
  const median = (work: string, peer: string) => works.find(({ name }) => name === work)?.peers[peer]?.value?.median;
  return peers.flatMap(({ name, title }) => {
    const [alone, beside] = [median('p99', name), median('p99-bulk', name)];
    return alone === undefined || beside === undefined ? [] : [{ title, times: beside / alone }];
  });
}
