// Numbers as people read them from three metres away: three digits at most, and a unit.

export function count(value: number): string {
  if (value < 10_000) return String(Math.round(value));
  if (value < 1e6) return `${digits(value / 1e3)}k`;
  return `${digits(value / 1e6)}M`;
}

/** So many a second. */
export function rate(value: number): string {
  return value > 0 && value < 10 ? value.toFixed(1) : count(value);
}

export function bytes(value: number): string {
  if (value < 1000) return `${Math.round(value)} B`;
  if (value < 1e6) return `${digits(value / 1e3)} kB`;
  if (value < 1e9) return `${digits(value / 1e6)} MB`;
  return `${digits(value / 1e9)} GB`;
}

export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.floor((minutes % 1440) / 60)} h`;
}

export function clock(wall: number): string {
  return new Date(wall).toLocaleTimeString('en-GB');
}

function digits(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}
