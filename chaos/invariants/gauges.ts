import type { Invariant } from '../account.ts';

/** Gauges return to zero. */
export const GAUGES: Invariant = {
  name: 'gauges',
  promise: 'when no session runs, the gauges say so',
  check: ({ metrics }) =>
    [...metrics]
      .filter(([name, value]) => /^chargehand_(sessions_active|queue_sessions)\{/.test(name) && value !== 0)
      .map(([name, value]) => `${name} ${value}`),
};
