// All peers, in the order of the tables.

import { barePipe } from './bare-pipe.ts';
import { direct } from './direct.ts';
import { haproxyTuned } from './haproxy-tuned.ts';
import { haproxyUsual } from './haproxy-usual.ts';
import { nginxTuned } from './nginx-tuned.ts';
import { nginxUsual } from './nginx-usual.ts';
import { ours } from './ours.ts';
import type { Peer } from './peer.ts';

export const PEERS: readonly Peer[] = [ours, haproxyUsual, haproxyTuned, nginxUsual, nginxTuned, barePipe, direct];

/** The peer that the targets are written against. */
export const REFERENCE = haproxyUsual;

export { ours };
