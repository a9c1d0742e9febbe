// The doctor of a running service, on its own sockets and clock. It leaves nodes in `maint` alone: nobody wants to be
// alarmed for those.

import type { Config } from '../config/config.ts';
import { systemClock } from '../core/clock.ts';
import { fanOut, type Observer } from '../core/events.ts';
import { DoctorSchedule } from '../doctor/schedule.ts';
import { visit } from '../doctor/visit.ts';
import { systemLookup } from '../net/lookup.ts';
import { probeNetwork } from '../net/probe-socket.ts';
import type { SocketWay } from '../net/socket-way.ts';

export interface RunningDoctorOptions {
  readonly sockets: SocketWay;
  readonly observers: readonly Observer[];
  /** In effect now, with what the operator set. */
  config(): Config;
}

export function runningDoctor({ sockets, observers, config }: RunningDoctorOptions): DoctorSchedule {
  const network = probeNetwork(sockets);
  return new DoctorSchedule({
    clock: systemClock,
    observer: fanOut(observers),
    config,
    visit: (now) => visit({ config: now, network, clock: systemClock, lookup: systemLookup(), skipMaint: true }),
  });
}
