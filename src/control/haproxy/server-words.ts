// How a server stands, in HAProxy's words. Pure.

import type { HealthConfig } from '../../config/config.ts';
import type { Backend } from '../../core/pool.ts';

/** The states that HAProxy's exporter lists. */
export const SERVER_STATES = ['DOWN', 'UP', 'MAINT', 'DRAIN', 'NOLB'] as const;
export type ServerState = (typeof SERVER_STATES)[number];

type Standing = Pick<Backend, 'admin' | 'health'>;

export function serverState({ admin, health }: Standing): ServerState {
  if (admin === 'maint') return 'MAINT';
  if (health === 'down') return 'DOWN';
  return admin === 'drain' ? 'DRAIN' : 'UP';
}

/** The `status` column; `level`: see CheckReport. A change under way shows as `UP 2/3`, `DOWN 1/2`. */
export function serverStatus(backend: Standing, health: HealthConfig | false, level: number): string {
  const state = serverState(backend);
  if (state === 'MAINT') return state;
  if (health === false) return state === 'UP' ? 'no check' : state;
  const { rise, fall } = health;
  if (state === 'DOWN') return level === 0 ? state : `DOWN ${level}/${rise}`;
  return level === rise + fall - 1 ? state : `${state} ${level - rise + 1}/${fall}`;
}
