// Durations as the file writes them: a whole number and a unit. Knows no key and no default.

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

export const DURATION_PATTERN = '^(0|[1-9][0-9]{0,9})(ms|s|m|h)$';
const DURATION = new RegExp(DURATION_PATTERN);

/** What a timer of Node can wait; a longer one would fire at once. */
export const LONGEST_MS = 2_147_483_647;

/** Milliseconds, or undefined for what is no duration or longer than any timer. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  const unit = UNIT_MS[match?.[2] ?? ''];
  if (match === null || unit === undefined) return undefined;
  const ms = Number(match[1]) * unit;
  return ms <= LONGEST_MS ? ms : undefined;
}

/** The same for a text that was checked before. */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new RangeError(`not a duration: ${text}`);
  return ms;
}
