// max_sessions_per_client, rate_per_client, allow and deny: whose limits they are, and what is given back.

import { connect } from 'node:net';
import t, { type Test } from 'tap';
import type { ListenAddress } from '../../src/config/config.ts';
import { backendSpec, configWith, type ServicePatch, startBalancer } from '../fixtures/balancer.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { SOCKET_WAYS } from '../fixtures/sockets.ts';
import { echo, readAll, startServer } from '../fixtures/tcp.ts';

async function limited(t: Test, patch: ServicePatch) {
  const backend = await startServer(t, echo);
  const clock = manualClock();
  const backends = [backendSpec('n', backend.port)];
  const running = await startBalancer(t, [{ backends, ...patch }], { clock });
  const { balancer, events } = running;
  const reload = (other: ServicePatch) => balancer.apply(configWith([{ backends, ...patch, ...other }]));
  /** Comes from an address, after a header where one is given; tells how it went: served, or the end of its record. */
  const come = async (from: { host?: string; localAddress?: string; header?: string }) => {
    const { host = '127.0.0.1', localAddress, header = '' } = from;
    const socket = connect({ host, port: running.port(), ...(localAddress === undefined ? {} : { localAddress }) });
    t.teardown(() => socket.destroy());
    const before = events.records.length;
    const refused = readAll(socket).then(async () => {
      const { end, flags } = await events.record(before);
      return `${end} ${flags}`;
    });
    socket.write(`${header}x`);
    const served = new Promise<string>((resolve) => socket.once('data', () => resolve('served')));
    const how = await Promise.race([served, refused]);
    return { how, leave: () => leave(socket) };
  };
  const leave = async (socket: ReturnType<typeof connect>) => {
    const before = events.records.length;
    socket.end();
    await events.record(before);
  };
  return { ...running, clock, backend, come, reload };
}

const headerFrom = (address: string) =>
  address.includes(':') ? `PROXY TCP6 ${address} 2001:db8::1 1 2\r\n` : `PROXY TCP4 ${address} 192.0.2.1 1 2\r\n`;
const ACCEPT = { proxyProtocol: { accept: ['127.0.0.0/8'], send: false } } satisfies ServicePatch;

t.test('max_sessions_per_client: as many as it says, for each client, and a place back with each end', async (t) => {
  const { come } = await limited(t, { maxSessionsPerClient: 2 });
  const [first, second] = [{ localAddress: '127.0.0.2' }, { localAddress: '127.0.0.3' }];
  const one = await come(first);
  t.equal(one.how, 'served');
  t.equal((await come(first)).how, 'served');
  t.equal((await come(first)).how, 'refused PC');
  t.equal((await come(second)).how, 'served', 'another client has its own');
  await one.leave();
  t.equal((await come(first)).how, 'served');
  t.equal((await come(first)).how, 'refused PC', 'and whoever was refused has taken none');
});

t.test('a limit that a reload brings: who was there before gives no place of it back', async (t) => {
  const { come, reload } = await limited(t, {});
  const from = { localAddress: '127.0.0.2' };
  const early = await come(from);
  await reload({ maxSessionsPerClient: 1 });
  const counted = await come(from);
  t.equal(counted.how, 'served');
  await early.leave();
  t.equal((await come(from)).how, 'refused PC');
  await counted.leave();
  t.equal((await come(from)).how, 'served');
});

t.test('rate_per_client: a burst, and then so many a second', async (t) => {
  const { come, clock } = await limited(t, { ratePerClient: { perSecond: 2, burst: 3 } });
  const first = { localAddress: '127.0.0.2' };
  for (let i = 0; i < 3; i++) t.equal((await come(first)).how, 'served');
  t.equal((await come(first)).how, 'refused PC');
  t.equal((await come({ localAddress: '127.0.0.3' })).how, 'served', 'another client has its own');
  await clock.advance(400);
  t.equal((await come(first)).how, 'refused PC');
  await clock.advance(100);
  t.equal((await come(first)).how, 'served', 'half a second later one more');
  t.equal((await come(first)).how, 'refused PC');
  await clock.advance(3_600_000);
  for (let i = 0; i < 3; i++) t.equal((await come(first)).how, 'served');
  t.equal((await come(first)).how, 'refused PC', 'an hour of silence is worth no more than the burst');
});

t.test('rate_per_client that a reload brings begins with its burst', async (t) => {
  const { come, reload } = await limited(t, { maxSessionsPerClient: 10 });
  const from = { localAddress: '127.0.0.2' };
  t.equal((await come(from)).how, 'served', 'a session that stays');
  for (let i = 0; i < 5; i++) await (await come(from)).leave();
  await reload({ ratePerClient: { perSecond: 1, burst: 2 } });
  for (const how of ['served', 'served', 'refused PC']) t.equal((await come(from)).how, how);
});

t.test('an IPv6 client is its /64', async (t) => {
  const { come } = await limited(t, { ...ACCEPT, maxSessionsPerClient: 1 });
  t.equal((await come({ header: headerFrom('2001:db8:0:1::1') })).how, 'served');
  t.equal((await come({ header: headerFrom('2001:db8:0:1:ffff::2') })).how, 'refused PC');
  t.equal((await come({ header: headerFrom('2001:db8:0:2::1') })).how, 'served');
  t.equal((await come({ header: headerFrom('192.0.2.1') })).how, 'served');
  t.equal((await come({ header: headerFrom('192.0.2.2') })).how, 'served', 'an IPv4 client is one address');
  t.equal((await come({ header: headerFrom('::ffff:192.0.2.2') })).how, 'refused PC', 'however it is written');
});

t.test('allow and deny, for both families', async (t) => {
  const { come, backend } = await limited(t, {
    ...ACCEPT,
    allow: ['192.0.2.0/24', '2001:db8::/32'],
    deny: ['192.0.2.128/25', '2001:db8:bad::/48'],
  });
  for (const [address, how] of [
    ['192.0.2.1', 'served'],
    ['192.0.2.200', 'denied PC'],
    ['198.51.100.1', 'denied PC'],
    ['::ffff:192.0.2.200', 'denied PC'],
    ['::ffff:192.0.2.1', 'served'],
    ['2001:db8::1', 'served'],
    ['2001:db8:bad::1', 'denied PC'],
    ['2001:dead::1', 'denied PC'],
  ] as const) {
    t.equal((await come({ header: headerFrom(address) })).how, how, address);
  }
  t.equal(backend.sockets.length, 3, 'nothing is dialled for those who may not');
});

t.test('the address of the connection itself, on a socket for both families', async (t) => {
  const listen: ListenAddress[] = [{ kind: 'tcp', host: undefined, port: 0, ipv6Only: false }];
  const { come, events } = await limited(t, { listen, deny: ['127.0.0.2/32', '::1'] });
  t.equal((await come({ localAddress: '127.0.0.1' })).how, 'served', 'IPv4, which comes as IPv4-mapped IPv6');
  t.equal((await come({ localAddress: '127.0.0.2' })).how, 'denied PC');
  t.match(events.records[0]?.client, /^127\.0\.0\.2:/);
  t.equal((await come({ host: '::1' })).how, 'denied PC', 'IPv6');
  t.match(events.records[1]?.client, /^\[::1\]:/);
});

for (const sockets of SOCKET_WAYS) {
  t.test(`${sockets.kind}: a client that is gone before it could be asked who it is gets nothing`, async (t) => {
    const backend = await startServer(t, echo);
    const { events, port } = await startBalancer(
      t,
      [{ backends: [backendSpec('n', backend.port)], deny: ['127.0.0.0/8'] }],
      { sockets },
    );
    // One connection is accepted a turn: of many that come together most are reset before.
    const clients = Array.from({ length: 50 }, () => connect({ host: '127.0.0.1', port: port() }));
    for (const client of clients) {
      client.on('error', () => {});
      client.once('connect', () => client.resetAndDestroy());
    }
    await events.until(() => events.records.length === clients.length);
    const ends = new Set(events.records.map(({ end }) => end));
    t.comment(`${events.records.filter(({ end }) => end === 'client-left').length} of 50 were gone`);
    t.ok(ends.has('client-left'), 'some were gone');
    ends.delete('client-left');
    ends.delete('denied');
    t.same([...ends], []);
    t.equal(backend.sockets.length, 0);
  });
}
