// All faults, by name.

import * as balancer from './balancer.ts';
import type { Fault } from './fault.ts';
import * as nodes from './nodes.ts';

const ALL = [
  nodes.KILL,
  nodes.FLAP,
  nodes.STOP,
  nodes.FILL,
  nodes.BLACK_HOLE,
  nodes.SLOW,
  nodes.RESET,
  nodes.REFUSE,
  nodes.MUTE,
  nodes.WRONG_CERTIFICATE,
  balancer.RELOAD,
  balancer.RELOADS,
  balancer.BAD_FILE,
  balancer.REMOVE,
  balancer.DRAIN,
  balancer.MAINT,
  balancer.UPGRADE,
  balancer.STALL,
  balancer.CROWD,
  balancer.CRASH,
  balancer.LOG_BLOCKED,
  balancer.DISK_FULL,
  balancer.CLOCK_STEP,
  balancer.FEW_DESCRIPTORS,
  balancer.NO_DESCRIPTORS,
] as const;

export type FaultName = (typeof ALL)[number]['name'];

export const FAULTS = Object.fromEntries(ALL.map((fault) => [fault.name, fault])) as Readonly<
  Record<FaultName, Fault<FaultName>>
>;
