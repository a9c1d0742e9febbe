// Health as a pure step: a state and a result in, the next state out, with a word on whether it flipped. No clock, no
// sockets, no pool.

export type Health = 'up' | 'down';

export interface HealthState {
  readonly health: Health;
  /** Results in a row that disagree with `health`. */
  readonly streak: number;
}

export interface Thresholds {
  /** Good results in a row that bring a backend up. */
  readonly rise: number;
  /** Bad results in a row that take it down. */
  readonly fall: number;
}

/** The next state after one probe. A result that agrees with the state clears the streak. */
export function step(state: HealthState, good: boolean, thresholds: Thresholds): HealthState & { flipped: boolean } {
  const agrees = good === (state.health === 'up');
  if (agrees) return { health: state.health, streak: 0, flipped: false };
  const streak = state.streak + 1;
  const needed = good ? thresholds.rise : thresholds.fall;
  if (streak < needed) return { health: state.health, streak, flipped: false };
  return { health: good ? 'up' : 'down', streak: 0, flipped: true };
}
