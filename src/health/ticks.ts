// Timers that fall on common ticks: what is due within the same tick runs in one turn of the loop, by one timer. A
// thousand calm checks then cost half of what they cost one by one. For what has time; what is urgent takes the clock.

import type { Clock, Timer } from '../core/clock.ts';

interface Tick {
  readonly timer: Timer;
  readonly calls: Set<() => void>;
}

/** `after` of a clock, at most `tickMs` late. */
export function ticks(clock: Clock, tickMs: number): Clock['after'] {
  const origin = clock.now();
  const waiting = new Map<number, Tick>();
  const run = (at: number): void => {
    const tick = waiting.get(at);
    waiting.delete(at);
    for (const call of tick?.calls ?? []) call();
  };
  return (ms, fn) => {
    const now = clock.now();
    const at = Math.ceil((now + ms - origin) / tickMs);
    let tick = waiting.get(at);
    if (tick === undefined) {
      tick = { timer: clock.after(origin + at * tickMs - now, () => run(at)), calls: new Set() };
      waiting.set(at, tick);
    }
    const { calls, timer } = tick;
    // Its own function for each call: the same one may be asked for twice.
    const call = (): void => fn();
    calls.add(call);
    return {
      cancel() {
        calls.delete(call);
        if (calls.size > 0 || waiting.get(at)?.calls !== calls) return;
        waiting.delete(at);
        timer.cancel();
      },
    };
  };
}
