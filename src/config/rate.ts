// Rates as the file writes them: `20/s`, `600/m`. A count and a unit of time, no more.

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

export const RATE_PATTERN = '^[1-9][0-9]{0,6}/(s|m|h)$';
const RATE = /^([1-9][0-9]{0,6})\/(s|m|h)$/;

export interface Rate {
  readonly count: number;
  readonly perSecond: number;
}

/** The rate, or undefined for what is none. */
export function parseRate(text: string): Rate | undefined {
  const match = RATE.exec(text);
  const seconds = UNIT_SECONDS[match?.[2] ?? ''];
  if (match === null || seconds === undefined) return undefined;
  const count = Number(match[1]);
  return { count, perSecond: count / seconds };
}
