// Which backups of a backend HAProxy really uses: without `option allbackups` only the first that can take sessions, where
// a service here uses all of its backups at once. The others are left out, and that is told as lost.

import { last } from './proxy.ts';
import type { Remarks } from './remarks.ts';
import type { Server } from './server.ts';
import type { Pair } from './services.ts';

export function laterBackups({ back, servers }: Pair, remarks: Remarks): ReadonlySet<Server> {
  const usable = servers.filter(({ backup, disabled, weight }) => backup && !disabled && weight > 0);
  const [first, ...later] = usable;
  if (first === undefined || last(back, 'option', 'allbackups') !== undefined) return new Set();
  for (const { name, line } of later) {
    remarks.lost(
      line,
      `${back.name}: HAProxy uses the backup ${name} only while ${first.name} is down too (no option allbackups), here all backups would share the sessions: left out`,
    );
  }
  return new Set(later);
}
