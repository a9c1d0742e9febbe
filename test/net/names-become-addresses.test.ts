// The names of nodes: which address of several, for how long, and what a failure changes. By a lookup of the test's own.

import t, { type Test } from 'tap';
import type { Answer, Lookup } from '../../src/net/lookup.ts';
import { systemLookup } from '../../src/net/lookup.ts';
import { chooseAddress, Resolver } from '../../src/net/resolve.ts';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { dnsServer } from '../fixtures/dns-server.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { echo, readBytes, startClient, startServer } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';

/** A lookup that answers what the test says, or not before the test says so. */
class Script implements Lookup {
  readonly asked: string[] = [];
  readonly answers = new Map<string, Answer | Error>();
  readonly #held: (() => void)[] = [];
  hold = false;
  running = 0;
  most = 0;
  closed = false;

  async ask(host: string): Promise<Answer> {
    this.asked.push(host);
    this.running++;
    this.most = Math.max(this.most, this.running);
    if (this.hold) await new Promise<void>((resolve) => this.#held.push(resolve));
    this.running--;
    const answer = this.answers.get(host);
    if (answer === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    if (answer instanceof Error) throw answer;
    return answer;
  }

  close(): void {
    this.closed = true;
    this.release();
  }

  /** Lets all that are held answer. */
  release(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }

  say(host: string, addresses: readonly string[], ttlMs = 30_000, partial = false): void {
    this.answers.set(host, { addresses, ttlMs, partial });
  }
}

function resolver(t: Test, script: Script) {
  const clock = manualClock();
  const heard: string[] = [];
  const resolver = new Resolver({
    clock,
    lookup: script,
    onAddress: (host, address, failure) => heard.push(`${host} ${address} ${failure}`.trimEnd()),
  });
  t.teardown(() => resolver.close());
  return { clock, heard, resolver };
}

t.test('one address of several', async (t) => {
  for (const [addresses, last, chosen] of [
    [['192.0.2.9', '192.0.2.10'], undefined, '192.0.2.9'],
    [['192.0.2.100', '192.0.2.20'], undefined, '192.0.2.20'],
    [['2001:db8::1', '192.0.2.200'], undefined, '192.0.2.200'],
    [['2001:db8::b', '2001:db8::a'], undefined, '2001:db8::a'],
    [['192.0.2.9', '192.0.2.10'], '192.0.2.10', '192.0.2.10'],
    [['192.0.2.9', '192.0.2.10'], '192.0.2.11', '192.0.2.9'],
    [['192.0.2.9', '2001:db8::1'], '2001:db8::1', '2001:db8::1'],
    [['no address', '192.0.2.9'], undefined, '192.0.2.9'],
    [[], '192.0.2.9', undefined],
  ] as const) {
    t.equal(chooseAddress(addresses, last), chosen, `${addresses.join(' ')}, after ${last}`);
  }
});

t.test('addresses are names that need no lookup', async (t) => {
  const script = new Script();
  const { heard, resolver: r, clock } = resolver(t, script);
  await r.follow(['192.0.2.1', '2001:db8::1']);
  t.same(heard, ['192.0.2.1 192.0.2.1', '2001:db8::1 2001:db8::1']);
  await clock.advance(600_000);
  t.same(script.asked, []);
  t.equal(clock.pending, 0);
});

t.test('each name is asked again when its answer is out of date: after 5 s at least, 5 minutes at most', async (t) => {
  const script = new Script();
  script.say('short', ['192.0.2.1'], 100);
  script.say('usual', ['192.0.2.2'], 60_000);
  script.say('long', ['192.0.2.3'], 86_400_000);
  const { resolver: r, clock } = resolver(t, script);
  await r.follow(['short', 'usual', 'long', 'missing', 'usual']);
  t.same(script.asked, ['short', 'usual', 'long', 'missing'], 'each once');
  const asked = (host: string) => script.asked.filter((name) => name === host).length - 1;
  await clock.advance(4999);
  t.equal(script.asked.length, 4);
  await clock.advance(300_001 - 4999);
  t.equal(asked('short'), 60);
  t.equal(asked('usual'), 5);
  t.equal(asked('long'), 1);
  t.equal(asked('missing'), 10, 'every half minute');
});

t.test('a failure, an empty answer and half an answer keep the last address', async (t) => {
  const script = new Script();
  script.say('n', ['192.0.2.1', '2001:db8::1']);
  const { resolver: r, clock, heard } = resolver(t, script);
  await r.follow(['n']);
  script.answers.set('n', Object.assign(new Error('server failed'), { code: 'ESERVFAIL' }));
  await clock.advance(30_000);
  script.say('n', []);
  await clock.advance(30_000);
  script.say('n', ['2001:db8::1'], 30_000, true);
  await clock.advance(30_000);
  script.say('n', ['192.0.2.2']);
  await clock.advance(30_000);
  t.same(heard, ['n 192.0.2.1', 'n 192.0.2.1 ESERVFAIL', 'n 192.0.2.1 no address', 'n 192.0.2.1', 'n 192.0.2.2']);
});

t.test('half an answer is better than none', async (t) => {
  const script = new Script();
  script.say('n', ['2001:db8::1'], 30_000, true);
  const { resolver: r, heard } = resolver(t, script);
  await r.follow(['n']);
  t.same(heard, ['n 2001:db8::1']);
});

t.test('two at a time, and none after the close', async (t) => {
  const script = new Script();
  script.hold = true;
  for (const name of ['a', 'b', 'c', 'd', 'e']) script.say(name, ['192.0.2.1']);
  const { resolver: r, clock, heard } = resolver(t, script);
  const followed = r.follow(['a', 'b', 'c', 'd', 'e']);
  await until(() => script.asked.length === 2, 'two questions');
  t.equal(script.running, 2);
  script.release();
  await until(() => script.asked.length === 4, 'the next two');
  t.equal(script.most, 2);
  r.close();
  await followed;
  t.ok(script.closed);
  t.equal(script.asked.length, 4, 'the fifth is not asked any more');
  t.equal(heard.length, 2, 'and nobody hears what came after the close');
  t.equal(clock.pending, 0);
});

t.test('the system: /etc/hosts, and a name that is nobody', async (t) => {
  const lookup = systemLookup();
  t.teardown(() => lookup.close());
  const { addresses, ttlMs } = await lookup.ask('localhost');
  t.ok(
    addresses.some((address) => address === '127.0.0.1' || address === '::1'),
    addresses.join(' '),
  );
  t.equal(ttlMs, 30_000);
  await t.rejects(lookup.ask('nobody.invalid'));
});

t.test('DNS: both families, with the shortest TTL; one that fails makes it half an answer', async (t) => {
  const v4 = (last: number, ttl: number) => ({ bytes: [192, 0, 2, last], ttl });
  const v6 = { bytes: [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], ttl: 20 };
  const server = await dnsServer(t, {
    'both.example A': [v4(1, 60), v4(2, 30)],
    'both.example AAAA': [v6],
    'only4.example A': [v4(3, 300)],
    'half.example A': 'fails',
    'half.example AAAA': [v6],
  });
  const lookup = systemLookup([server]);
  t.teardown(() => lookup.close());
  const both = await lookup.ask('both.example');
  t.same([...both.addresses].sort(), ['192.0.2.1', '192.0.2.2', '2001:db8::1']);
  t.match(both, { ttlMs: 20_000, partial: false });
  t.match(await lookup.ask('only4.example'), { addresses: ['192.0.2.3'], ttlMs: 300_000, partial: false });
  t.match(await lookup.ask('half.example'), { addresses: ['2001:db8::1'], partial: true });
});

t.test('a node moves: its new address is probed, then used; sessions stay where they are', async (t) => {
  const clock = manualClock();
  const script = new Script();
  const here = await startServer(t, echo);
  const there = await startServer(t, echo, { host: '127.0.0.2', port: here.port });
  script.say('node.test', ['127.0.0.1']);
  const { balancer, events, port } = await startBalancer(
    t,
    [{ health: healthConfig(), backends: [backendSpec('n', here.port, { host: 'node.test' })] }],
    { clock, lookup: script },
  );
  const address = () => balancer.snapshot()[0]?.backends[0]?.address;
  const talk = async () => {
    const client = await startClient(t, port());
    client.write('x');
    await readBytes(client, 1);
    return client;
  };
  const stays = await talk();
  t.equal(address(), `127.0.0.1:${here.port}`);
  t.same(events.names, ['n: 127.0.0.1']);

  script.say('node.test', ['127.0.0.3']);
  const probes = there.sockets.length;
  await clock.advance(31_000);
  t.equal(address(), `127.0.0.1:${here.port}`, 'an address where nobody answers is not used');

  script.say('node.test', ['127.0.0.2']);
  for (let i = 0; i < 10 && address() !== `127.0.0.2:${here.port}`; i++) await clock.advance(10_000);
  t.equal(address(), `127.0.0.2:${here.port}`);
  t.ok(there.sockets.length > probes, 'it was probed');
  const before = there.sockets.length;
  await talk();
  t.ok(there.sockets.length > before, 'a new session goes there');
  stays.write('y');
  t.equal((await readBytes(stays, 1)).toString(), 'y', 'a running one stays');
  t.same(events.flips, []);

  script.answers.delete('node.test');
  await clock.advance(61_000);
  t.equal(address(), `127.0.0.2:${here.port}`, 'a name that is lost keeps its address');
  t.same(events.names.at(-1), 'n: none, ENOTFOUND; it keeps 127.0.0.2');
  t.equal(events.names.filter((line) => line.includes('ENOTFOUND')).length, 1, 'which is said once');
});

t.test('a name that resolves later: nobody before, served afterwards', async (t) => {
  const clock = manualClock();
  const script = new Script();
  const backend = await startServer(t, echo);
  const { events, port } = await startBalancer(
    t,
    [{ backends: [backendSpec('n', backend.port, { host: 'late.test' })] }],
    { clock, lookup: script },
  );
  await startClient(t, port());
  t.match(await events.record(), { end: 'no-backend' });
  t.same(events.names, ['n: none, ENOTFOUND']);
  script.say('late.test', ['127.0.0.1']);
  await clock.advance(30_000);
  const client = await startClient(t, port());
  client.write('x');
  await readBytes(client, 1);
  t.same(events.names, ['n: none, ENOTFOUND', 'n: 127.0.0.1']);
});

t.test('a lookup that takes forever does not hold up the start, nor the stop', async (t) => {
  const clock = manualClock();
  const script = new Script();
  script.hold = true;
  const backend = await startServer(t, echo);
  const starting = startBalancer(
    t,
    [{ backends: [backendSpec('n', backend.port), backendSpec('slow', 1, { host: 'slow.test' })] }],
    { clock, lookup: script },
  );
  await until(() => script.asked.length === 1, 'the question');
  await clock.advance(3000);
  const { balancer, port } = await starting;
  for (let i = 0; i < 2; i++) {
    const client = await startClient(t, port());
    client.write('x');
    await readBytes(client, 1);
  }
  await balancer.stop();
  t.ok(script.closed);
  t.equal(clock.pending, 0);
});
