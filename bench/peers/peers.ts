// All peers, in the order of the tables.

import { barePipe } from './bare-pipe.ts';
import { direct } from './direct.ts';
import { haproxyTuned } from './haproxy-tuned.ts';
import { haproxyUsual } from './haproxy-usual.ts';
import { nginxTuned } from './nginx-tuned.ts';
import { nginxUsual } from './nginx-usual.ts';
import { native, OURS } from './ours.ts';
import type { Peer } from './peer.ts';

/** What one would choose between. */
export const BALANCERS: readonly Peer[] = [...OURS, haproxyUsual, haproxyTuned, nginxUsual, nginxTuned];
/** With the two that tell what the load and Node itself can do. */
export const PEERS: readonly Peer[] = [...BALANCERS, barePipe, direct];

/** The peer that the targets are written against. */
export const REFERENCE = haproxyUsual;

export { native, OURS };
