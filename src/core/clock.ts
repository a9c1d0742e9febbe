// Time and timers, as one argument that everything timed takes: tests pass a clock they turn by hand. Nobody else calls
// setTimeout, setInterval, Date.now or performance.now.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds that only go forward; the zero point means nothing. */
  now(): number;
  /** Milliseconds since 1970, for people and logs; may jump. */
  wall(): number;
  /** Calls `fn` once after `ms`; at once (but not within this call) when that moment has passed. */
  after(ms: number, fn: () => void): Timer;
  /** Calls `fn` every `ms` until cancelled. */
  every(ms: number, fn: () => void): Timer;
}

/** The machine's own clock. Its timers keep the process alive until they fire or are cancelled. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fn) {
    const handle = setTimeout(fn, Math.max(0, ms));
    return { cancel: () => clearTimeout(handle) };
  },
  every(ms, fn) {
    const handle = setInterval(fn, ms);
    return { cancel: () => clearInterval(handle) };
  },
};
