// Numbers for people in a few characters: bytes, rates, ages. No table knows how they are written.

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `0 B`, `999 B`, `1.2 kB`, `34 MB`: decimal units. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < BYTES.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${BYTES[unit]}`;
}

/** `0`, `0.4/s`, `12/s`. */
export function perSecond(count: number): string {
  if (count === 0) return '0';
  return `${count < 9.95 ? count.toFixed(1) : Math.round(count)}/s`;
}

export function bytesPerSecond(count: number): string {
  return count === 0 ? '0' : `${bytes(count)}/s`;
}

/** `5s`, `12m`, `3h`, `4d`: the largest unit there is one of. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** `1 session`, `2 sessions`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
