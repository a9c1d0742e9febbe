// Whether a soak ended as it began: memory, handles and latency of its last part against its first. Pure.

export interface Look {
  /** Since the start. */
  readonly minutes: number;
  readonly residentMb: number;
  /** Sockets and other descriptors that the program held, at the least in this span. */
  readonly descriptors: number;
  /** Of the sessions that were timed in this span: from connect to the last byte, milliseconds. */
  readonly medianMs: number;
  readonly p99Ms: number;
  /** The median of the same straight to a node. */
  readonly directMs: number;
  /** Sessions that ended in this span. */
  readonly sessions: number;
}

export interface Part {
  readonly residentMb: number;
  readonly descriptors: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly directMs: number;
}

/** The beginning, when caches fill, is no part of the comparison. */
const WARM_UP = 0.2;
const PART = 0.25;

/** What may differ: a share, and so much whatever the share; latency also by what a session without the balancer took longer. */
const MAY = {
  residentMb: { share: 0.15, amount: 12, latency: false },
  descriptors: { share: 0, amount: 6, latency: false },
  medianMs: { share: 0.5, amount: 5, latency: true },
  p99Ms: { share: 1, amount: 60, latency: true },
} as const;

export function partsOf(looks: readonly Look[]): { readonly first: Part; readonly last: Part } {
  const begin = Math.floor(looks.length * WARM_UP);
  const length = Math.max(1, Math.floor(looks.length * PART));
  return { first: middle(looks.slice(begin, begin + length)), last: middle(looks.slice(-length)) };
}

/** What is worse at the end than at the start, in words; nothing: all is as it was. */
export function worsened(looks: readonly Look[]): readonly string[] {
  const { first, last } = partsOf(looks);
  const timed = [first, last].every(({ medianMs, directMs }) => medianMs > 0 && directMs > 0);
  if (!timed) return ['too few sessions were timed to compare the latency'];
  const slower = Math.max(1, last.directMs / first.directMs);
  return (Object.keys(MAY) as (keyof typeof MAY)[]).flatMap((what) => {
    const { share, amount, latency } = MAY[what];
    const most = first[what] * (1 + share) * (latency ? slower : 1) + amount;
    return last[what] <= most
      ? []
      : [`${what}: ${last[what]} at the end, ${first[what]} at the start; it may be ${most.toFixed(1)}`];
  });
}

function middle(looks: readonly Look[]): Part {
  const of = (what: keyof Part): number =>
    looks.map((look) => look[what]).sort((a, b) => a - b)[looks.length >> 1] ?? 0;
  return {
    residentMb: of('residentMb'),
    descriptors: of('descriptors'),
    medianMs: of('medianMs'),
    p99Ms: of('p99Ms'),
    directMs: of('directMs'),
  };
}
