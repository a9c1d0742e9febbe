// Times of day as ISO text, made cheap for lines that come many a second: only the milliseconds of a second are new.

/** A formatter with a memory of one second; each stream of times that go forward has its own. */
export function isoTime(): (ms: number) => string {
  let second = Number.NaN;
  let text = '';
  return (ms) => {
    const whole = Math.floor(ms / 1000);
    if (whole !== second) {
      second = whole;
      // `2026-01-02T03:04:05.`
      text = new Date(whole * 1000).toISOString().slice(0, -4);
    }
    return `${text}${String(1000 + Math.floor(ms - whole * 1000)).slice(1)}Z`;
  };
}
