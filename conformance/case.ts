// What a case is: a situation, what is done in it, and what exactly each product then shows on its sockets and in its log.

import type { Setup } from './setup.ts';
import type { Stage } from './stage.ts';

export const PRODUCTS = ['chargehand', 'haproxy', 'nginx'] as const;
export type ProductName = (typeof PRODUCTS)[number];

/** What was seen, in words; who saw it → what. */
export type Seen = Readonly<Record<string, string>>;

/** A product that does it another way. */
export interface Difference {
  readonly seen: Seen;
  /** The reason, for docs/conformance.md. */
  readonly why: string;
}

export interface Case {
  /** A sentence's beginning, unique in all themes. */
  readonly title: string;
  readonly setup: Setup;
  /** It stops, reloads or operates the program, so it gets one to itself. */
  readonly alone?: boolean;
  readonly play: (stage: Stage) => Promise<Seen>;
  /** What chargehand must show, and each product that `differs` does not name. */
  readonly seen: Seen;
  readonly differs?: Readonly<Partial<Record<'haproxy' | 'nginx', Difference>>>;
  /** Products that can't be configured for it; the reason is their adapter's. */
  readonly cannot?: readonly ('haproxy' | 'nginx')[];
  readonly log: {
    readonly chargehand: LogWords;
    readonly haproxy?: LogWords;
    readonly nginx?: LogWords;
  };
}

/**
 * How a log tells the session (`Stage.client`, `logged`), in the product's own words; `none`: by no line. More than one:
 * chance decides which, for the case lets two things race.
 */
export type LogWords = string | readonly string[];

/** A file of cases. */
export interface Theme {
  /** A heading of docs/conformance.md. */
  readonly title: string;
  readonly cases: readonly Case[];
}

export interface Expected {
  readonly seen: Seen;
  /** The log has one of these. */
  readonly log: readonly string[];
}

/** What the case expects of a product; undefined: it can't be configured for it. */
export function expected(one: Case, product: ProductName): Expected | undefined {
  if (product !== 'chargehand' && one.cannot?.includes(product)) return undefined;
  const difference = product === 'chargehand' ? undefined : one.differs?.[product];
  const log = one.log[product] ?? [];
  return { seen: difference?.seen ?? one.seen, log: typeof log === 'string' ? [log] : log };
}
