// Every theme, in the order of docs/conformance.md.

import type { Theme } from '../case.ts';
import { balance } from './balance.ts';
import { flush } from './flush.ts';
import { halfClose } from './half-close.ts';
import { health } from './health.ts';
import { limits } from './limits.ts';
import { operator } from './operator.ts';
import { proxyReceived } from './proxy-received.ts';
import { proxySent } from './proxy-sent.ts';
import { queue } from './queue.ts';
import { refusals } from './refusals.ts';
import { resets } from './resets.ts';
import { reload, stop } from './stop.ts';
import { timeouts } from './timeouts.ts';

export const THEMES: readonly Theme[] = [
  halfClose,
  resets,
  flush,
  refusals,
  balance,
  limits,
  queue,
  timeouts,
  proxyReceived,
  proxySent,
  health,
  operator,
  reload,
  stop,
];
