// TCP keepalive on both sides of a session, seen in the kernel's own table.

import { readFileSync } from 'node:fs';
import t from 'tap';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { WAYS } from '../fixtures/relays.ts';
import { echo, startClient, startServer } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';
import { Watched } from '../fixtures/watched.ts';

/** Seconds until the kernel asks the peer of this connection; undefined: it never will. */
function asksIn(local: number, remote: number): number | undefined {
  const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n')) {
    const [, from = '', to = '', , , timer = ''] = line.trim().split(/\s+/);
    if (!from.endsWith(hex(local)) || !to.endsWith(hex(remote))) continue;
    const [kind, ticks = ''] = timer.split(':');
    return kind === '02' ? Number.parseInt(ticks, 16) / 100 : undefined;
  }
  throw new Error('no such connection');
}

for (const { name, options } of WAYS) {
  for (const keepaliveMs of [20_000, false] as const) {
    t.test(`${name}: keepalive ${keepaliveMs}`, async (t) => {
      const clock = manualClock();
      const backend = await startServer(t, echo);
      const { balancer, port } = await startBalancer(t, [{ keepaliveMs, backends: [backendSpec('n', backend.port)] }], {
        clock,
        ...options,
      });
      const client = new Watched(await startClient(t, port()));
      client.socket.write('x');
      await client.heard(1);
      const [session] = balancer.sessions;
      // A short session never needs it: the backend's side is set by the first sweep.
      await clock.advance(1000);
      const ours = Number(session?.facts.local?.split(':')[1]);
      const sides = () => [asksIn(port(), client.socket.localPort ?? 0), asksIn(ours, backend.port)];
      if (keepaliveMs === false) {
        t.same(sides(), [undefined, undefined]);
        return;
      }
      // Right behind the bytes another timer may stand in its place.
      await until(() => sides().every((seconds) => seconds !== undefined), 'both timers');
      for (const seconds of sides()) t.ok((seconds ?? 0) > 0 && (seconds ?? 99) <= 20, `in ${seconds} s`);
    });
  }
}
