// Whatever a reload changes: who is connected stays connected, and nobody who dials an address that both files have is
// turned away. A thousand sessions, a storm of new ones, a hundred files; the seed is printed.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import t from 'tap';
import type { BalanceConfig, HealthConfig } from '../../src/config/config.ts';
import { backendSpec, configWith, type ServicePatch, startBalancer } from '../fixtures/balancer.ts';
import { memoryHeld } from '../fixtures/garbage.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { echo, startClient, startServer } from '../fixtures/tcp.ts';

const SESSIONS = 1000;
const RELOADS = 100;
const NODES = 5;
const HASH = { prefixV4: 32, prefixV6: 64, v4Mapped: false, bound: undefined };
const STRATEGIES: readonly BalanceConfig[] = [
  { strategy: 'roundrobin' },
  { strategy: 'leastconn' },
  { strategy: 'random' },
  { strategy: 'source', hash: { ...HASH, method: 'rendezvous' } },
  { strategy: 'source', hash: { ...HASH, method: 'haproxy' } },
];

/** Numbers from 0 up to, not including, 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

t.test('a hundred reloads in a row', { timeout: 120_000 }, async (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  t.comment(`SEED=${seed}`);
  const random = randomOf(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  // One server on all of loopback is every node.
  const nodes = await startServer(t, echo, { host: '0.0.0.0' });
  const spec = (i: number) =>
    backendSpec(`node${i}`, nodes.port, { host: `127.0.0.${i + 1}`, weight: 1 + Math.floor(random() * 5) });
  const checked: HealthConfig = healthConfig({ intervalMs: 1000, fastIntervalMs: 200, timeoutMs: 1000 });
  const service = (name: string): ServicePatch => {
    const some = Array.from({ length: NODES }, (_, i) => i).filter(() => random() < 0.7);
    return {
      name,
      backends: (some.length === 0 ? [0] : some).map(spec),
      balance: pick(STRATEGIES),
      timeouts: { connectMs: pick([1000, 2000]), idleMs: pick([600_000, 900_000]) },
      health: pick([false, checked]),
      retries: pick([2, 3]),
      maxSessions: pick([undefined, 4000]),
      maxSessionsPerClient: pick([undefined, 4500]),
      keepaliveMs: pick([false, 60_000] as const),
      allow: pick([[], ['127.0.0.0/8']]),
      slowStartMs: pick([0, 1000]),
    };
  };
  const file = (i: number): ServicePatch[] => [
    service('kept'),
    ...(i === 0 || random() < 0.5 ? [service('now-and-then')] : []),
    ...(random() < 0.3 ? [service(`only-${i}`)] : []),
  ];

  const { balancer, events, port } = await startBalancer(t, file(0));
  const sessions: Socket[] = [];
  for (let i = 0; i < SESSIONS; i++) {
    sessions.push(await startClient(t, port(i % 4 === 0 ? 'now-and-then' : 'kept')));
  }
  let cut = 0;
  for (const socket of sessions) socket.on('error', () => cut++).on('end', () => cut++);

  let storming = true;
  let done = 0;
  const failed: string[] = [];
  const at = port('kept');
  const storm = Array.from({ length: 8 }, async () => {
    while (storming) {
      const client = await startClient(t, at).catch((error: Error) => failed.push(error.message));
      if (typeof client === 'number') continue;
      client.on('error', (error) => failed.push(error.message));
      client.end('hello');
      const chunks: Buffer[] = [];
      client.on('data', (chunk: Buffer) => chunks.push(chunk));
      await once(client, 'close');
      if (Buffer.concat(chunks).toString() === 'hello') done++;
      else failed.push('no echo');
    }
  });

  let handles = 0;
  let heap = 0;
  for (let i = 1; i <= RELOADS; i++) {
    await balancer.apply(configWith(file(i)));
    // Some of the storm goes through each file.
    for (const before = done + failed.length; done + failed.length < before + 10; ) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (i !== RELOADS / 2) continue;
    handles = openHandles();
    ({ heap } = await memoryHeld());
  }
  storming = false;
  await Promise.all(storm);
  t.equal(cut, 0, 'no session was cut');
  t.same(failed.slice(0, 5), [], `${done} attempts came through`);
  t.ok(done > RELOADS, 'the storm was one');

  for (const [i, socket] of sessions.entries()) {
    socket.write(`still ${i}`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (answer.toString() !== `still ${i}`) t.fail(`session ${i} answered ${answer}`);
  }
  t.equal(balancer.sessions.size, SESSIONS);
  const snapshot = balancer.snapshot();
  t.equal(
    snapshot.flatMap((s) => s.backends).reduce((sum, b) => sum + b.active, 0),
    SESSIONS,
    'every session is counted where it is',
  );
  // Health checks come and go with the files; sessions, listeners and timers don't pile up.
  t.ok(openHandles() < handles + 60, `${handles} open after half of them, ${openHandles()} at the end`);
  const after = (await memoryHeld()).heap;
  // Records of the storm, which the test itself keeps, are about 1 kB each.
  const kept = 2_000_000 + 2_000 * done;
  t.ok(after < heap + kept, `${heap} bytes of heap after half of them, ${after} at the end`);
  for (const socket of sessions) socket.end();
  await events.until(() => balancer.sessions.size === 0);
  t.same(
    events.records.filter((record) => record.end !== 'completed').map((record) => record.end),
    [],
  );
  t.notOk(
    balancer.snapshot().some((s) => s.backends.some((b) => b.active > 0)),
    'all counts are back',
  );
});

function openHandles(): number {
  return process.getActiveResourcesInfo().length;
}
