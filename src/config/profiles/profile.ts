// What a profile is, and the table of the three. No logic.

import type { RawService } from '../raw.ts';
import { FOREMAN_2018 } from './foreman-2018.ts';
import { FOREMAN_CURRENT } from './foreman-current.ts';
import { FOREMANCTL } from './foremanctl.ts';

export interface ProfileRow {
  readonly name: string;
  /** `always`; only where `ca_node` is set; or only where services: names it. Naming it always puts it in. */
  readonly presence: 'always' | 'with-ca-node' | 'on-request';
  /** Its node is the `ca_node` of the file. */
  readonly pinnedToCa?: true;
  readonly service: RawService;
}

export const PROFILES = {
  'foreman-current': FOREMAN_CURRENT,
  'foreman-2018': FOREMAN_2018,
  foremanctl: FOREMANCTL,
} as const satisfies Readonly<Record<string, readonly ProfileRow[]>>;

export const PROFILE_NAMES: readonly string[] = Object.keys(PROFILES);
