import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createReloader, type Reloader } from '../../src/control/reload.ts';
import { LoadBalancer } from '../../src/load-balancer.ts';
import { Events } from '../fixtures/balancer.ts';
import { echo, readAll, readBytes, startClient, startServer } from '../fixtures/tcp.ts';
import { startTlsServer } from '../fixtures/tls-server.ts';

interface Running {
  readonly reloader: Reloader;
  readonly balancer: LoadBalancer;
  readonly events: Events;
  readonly told: string[];
  write(text: string): void;
}

/** A balancer on a file that can be written anew. `inGap`: done while the listeners that a reload replaces are closed. */
async function running(t: Test, text: string, inGap: () => void = () => {}): Promise<Running> {
  const file = join(t.testdir({ 'c.yaml': text }), 'c.yaml');
  const loaded = await loadConfig(file);
  const events = new Events();
  const told: string[] = [];
  const balancer = new LoadBalancer(loaded.config, { sessionLimit: 100, observers: [events] });
  await balancer.start();
  t.teardown(() => balancer.stop());
  const reloader = createReloader({
    loaded,
    balancer,
    apply: (next) => {
      const applied = balancer.apply(next.config);
      // Before the turn of the loop in which a listener that is being closed counts as closed.
      setImmediate(inGap);
      return applied;
    },
    log: { notice: (level, message) => told.push(`${level}: ${message.replaceAll(file, 'c.yaml')}`) },
    onStart: () => told.push('start'),
    onEnd: ({ applied }) => told.push(`end: ${applied}`),
  });
  return { reloader, balancer, events, told, write: (next) => writeFileSync(file, next) };
}

/** A port below those that the kernel gives away, free now. */
let nextPort = 20_000 + (process.pid % 9000);
async function freePort(): Promise<number> {
  for (let port = nextPort++; ; port = nextPort++) {
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

const file = (services: string, nodes = 'a: 127.0.0.1') =>
  `version: 1\nnodes: { ${nodes} }\ndefaults: { health: false }\nservices: ${services}\nhttp: false\nadmin: false\n`;

t.test('what is not valid changes nothing and is told to whoever asked and in the log', async (t) => {
  const backend = await startServer(t, echo);
  const text = file(`{ web: { listen: "127.0.0.1:${await freePort()}", port: ${backend.port} } }`);
  const { reloader, balancer, told, write } = await running(t, text);
  const before = balancer.config;
  for (const [bad, words] of [
    [text.replace('listen', 'listne'), /c\.yaml:4:\d+: services\.web\.listne: unknown key \(did you mean "listen"\?\)/],
    ['version: [', /c\.yaml:1/],
    [text.replace('health: false', 'health: { type: https, ca: /nonexistent.pem }'), /nonexistent\.pem/],
  ] as const) {
    write(bad);
    const outcome = await reloader.reload({ force: false });
    t.match(outcome, { applied: false, unchanged: false });
    t.match(outcome.problems.join('\n'), words);
    t.match(told.join('\n'), words, 'in the log, too');
    t.equal(told.at(-2), 'error: the configuration was not reloaded: what was in effect still is');
    t.equal(balancer.config, before);
  }
  write(text);
  t.match(await reloader.reload({ force: false }), { applied: false, unchanged: true, problems: [] });
});

t.test('an address that is taken changes nothing, not even what could have been bound', async (t) => {
  const backend = await startServer(t, echo);
  const taken = await startServer(t, echo);
  const [one, two] = [await freePort(), await freePort()];
  const { reloader, balancer, write } = await running(
    t,
    file(`{ web: { listen: "127.0.0.1:${one}", port: ${backend.port} } }`),
  );
  write(
    file(
      `{ web: { listen: ["127.0.0.1:${two}", "127.0.0.1:${taken.port}"], port: ${backend.port} }, more: { listen: "127.0.0.1:${await freePort()}", port: 9 } }`,
    ),
  );
  const outcome = await reloader.reload({ force: false });
  t.match(outcome.problems, [
    new RegExp(`service web: cannot listen on 127\\.0\\.0\\.1:${taken.port}: the port is taken`),
  ]);
  t.same(
    balancer.services.map((s) => s.name),
    ['web'],
  );
  const client = await startClient(t, one);
  client.end('the old one serves');
  t.equal((await readAll(client)).bytes.toString(), 'the old one serves');
  await t.rejects(startClient(t, two), { code: 'ECONNREFUSED' }, 'what was bound for it is closed again');
});

t.test('a listener in the place of one that overlaps it; put back where that fails', async (t) => {
  const backend = await startServer(t, echo);
  const port = await freePort();
  const { reloader, balancer, write } = await running(
    t,
    file(`{ web: { listen: "127.0.0.1:${port}", port: ${backend.port} } }`),
  );
  const held = await startClient(t, port);
  const wide = file(`{ web: { listen: "0.0.0.0:${port}", port: ${backend.port} } }`, 'a: 127.0.0.1');
  write(wide);
  const plan = await reloader.plan();
  t.same(plan.listeners.gaps, [`0.0.0.0:${port}`], 'plan shows the gap');
  t.match(await reloader.reload({ force: false }), { applied: true });
  t.same(
    balancer.bound('web').map((b) => b.address),
    [`0.0.0.0:${port}`],
  );
  held.end('held all along');
  t.equal((await readAll(held)).bytes.toString(), 'held all along');
  // 192.0.2.1 is nobody's on this machine: it can't be bound, and it overlaps the one that must be closed before.
  write(file(`{ web: { listen: "192.0.2.1:${port}", port: ${backend.port} } }`));
  const outcome = await reloader.reload({ force: false });
  t.match(outcome.problems, [/192\.0\.2\.1:\d+: this machine does not hold the address/]);
  const again = await startClient(t, port);
  again.end('back again');
  t.equal((await readAll(again)).bytes.toString(), 'back again');
});

t.test(
  'a listener that can not be put back is bound by the next reload, of the very file that is in effect',
  async (t) => {
    const backend = await startServer(t, echo);
    const port = await freePort();
    const thief = createServer();
    t.teardown(() => thief.close());
    let steals = true;
    const narrow = file(`{ web: { listen: "127.0.0.1:${port}", port: ${backend.port} } }`);
    const { reloader, balancer, write } = await running(t, narrow, () => {
      if (steals) thief.listen(port, '127.0.0.1');
      steals = false;
    });
    write(narrow.replace('"127.0.0.1:', '"0.0.0.0:'));
    const { problems } = await reloader.reload({ force: false });
    t.match(problems, [
      /^service web: cannot listen on 0\.0\.0\.0:\d+: the port is taken/,
      /^nobody listens .*127\.0\.0\.1:/,
    ]);
    t.same([...balancer.descriptors()], [], 'nothing that a successor could inherit');
    write(narrow);
    t.match((await reloader.reload({ force: false })).problems, [/127\.0\.0\.1:\d+: the port is taken/], 'still not');
    await new Promise((resolve) => thief.close(resolve));
    t.match(await reloader.reload({ force: false }), { applied: true, problems: [] });
    const client = await startClient(t, port);
    client.end('ours again');
    t.equal((await readAll(client)).bytes.toString(), 'ours again');
    t.match(await reloader.reload({ force: false }), { applied: false, unchanged: true });
  },
);

t.test('a new node is down until its first good probe; one that left finishes its sessions', async (t) => {
  const backend = await startServer(t, echo, { host: '0.0.0.0' });
  const port = await freePort();
  const checked = (nodes: string) =>
    `version: 1\nnodes: { ${nodes} }\nservices: { web: { listen: "127.0.0.1:${port}", port: ${backend.port}, health: { type: tcp, interval: 1s } } }\nhttp: false\nadmin: false\n`;
  const { reloader, balancer, events, write } = await running(t, checked('a: 127.0.0.1'));
  const [bound] = balancer.bound('web');
  const held = await startClient(t, bound?.port ?? 0);
  held.write('x');
  await new Promise((resolve) => held.once('data', resolve));
  write(checked('b: 127.0.0.2'));
  const plan = await reloader.plan();
  t.same(plan.sessions, [{ service: 'web', node: 'a', running: 1 }]);
  await reloader.reload({ force: false });
  const states = () => balancer.snapshot()[0]?.backends.map((b) => `${b.node} ${b.health} ${b.active}`);
  t.equal(states()?.[0], 'b down 0', 'nobody has asked it yet');
  t.equal(states()?.[1], 'a up 1', 'the one that left is shown as long as a session runs on it');
  t.match(balancer.snapshot()[0]?.backends[1], {
    leaving: true,
    note: 'no longer in the file: its sessions may finish',
  });
  // It comes back, and one more reload changes nothing of it: the one that has sessions from before stays beside it.
  write(checked('a: 127.0.0.1, b: 127.0.0.2'));
  await reloader.reload({ force: false });
  await events.until(() => events.flips.some((flip) => flip.node === 'a' && flip.to === 'up'));
  write(`${checked('a: 127.0.0.1, b: 127.0.0.2')}# again\n`);
  await reloader.reload({ force: false });
  t.equal(states()?.[0], 'a up 0', 'it keeps what its checks found');
  t.equal(states()?.[2], 'a up 1');
  write(checked('b: 127.0.0.2'));
  await reloader.reload({ force: false });
  t.same(balancer.bound('web')[0]?.port, bound?.port, 'the listener is the same');
  await events.until(() => events.flips.some((flip) => flip.node === 'b' && flip.to === 'up'));
  held.end();
  await events.record();
  t.same(states(), ['b up 0']);
});

t.test('a removed service closes its port; its sessions finish under its own drain', async (t) => {
  const backend = await startServer(t, echo);
  const [kept, port] = [await freePort(), await freePort()];
  const two = (more: string) => file(`{ web: { listen: "127.0.0.1:${kept}", port: ${backend.port} }${more} }`);
  const { reloader, balancer, write } = await running(
    t,
    two(`, old: { listen: "127.0.0.1:${port}", port: ${backend.port} }`),
  );
  const held = await startClient(t, port);
  held.write('x');
  await new Promise((resolve) => held.once('data', resolve));
  write(two(''));
  t.match(await reloader.reload({ force: false }), { applied: true, plan: { services: { removed: ['old'] } } });
  await t.rejects(startClient(t, port), { code: 'ECONNREFUSED' });
  t.same(
    balancer.snapshot().map((s) => s.service),
    ['web', 'old'],
  );
  held.end('the end');
  t.equal((await readAll(held)).bytes.toString(), 'the end');
});

t.test('reloads at the same time go one after the other', async (t) => {
  const backend = await startServer(t, echo);
  const port = await freePort();
  const text = (retries: number) =>
    file(`{ web: { listen: "127.0.0.1:${port}", port: ${backend.port}, retries: ${retries} } }`);
  const { reloader, told, write } = await running(t, text(1));
  write(text(2));
  const [first, second] = await Promise.all([reloader.reload({ force: false }), reloader.reload({ force: false })]);
  t.match([first, second], [{ applied: true }, { applied: false, unchanged: true }]);
  t.same(
    told.filter((line) => /^(start|end)/.test(line)),
    ['start', 'end: true', 'start', 'end: false'],
  );
});

t.test('the Puppet CA does not move while the old node still answers as one', async (t) => {
  const authority = await makeAuthority('Puppet CA');
  const identity = await authority.issue({ commonName: 'a', names: ['lb.example.net'] });
  let isCa = true;
  const answer = () =>
    isCa
      ? 'HTTP/1.1 200 OK\r\nContent-Length: 27\r\nConnection: close\r\n\r\n-----BEGIN CERTIFICATE-----'
      : 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
  const ca = await startTlsServer(t, identity, (socket) => socket.once('data', () => socket.end(answer())));
  const port = await freePort();
  const text = (node: string) =>
    `version: 1\nname: lb.example.net\nnodes: { a: 127.0.0.1, b: 127.0.0.1 }\nservices: { puppet-ca: { listen: "127.0.0.1:${port}", port: ${ca.port}, balance: pinned, node: ${node}, health: { probe: puppet-ca } } }\nhttp: false\nadmin: false\n`;
  const { reloader, balancer, write } = await running(t, text('a'));
  const node = () => balancer.snapshot()[0]?.pinned?.node;
  write(text('b'));
  t.match((await reloader.plan()).guards, [/puppet-ca: a still answers as the CA/]);
  const refused = await reloader.reload({ force: false });
  t.match(refused.problems, [/stop the CA on a first, then reload \(--force moves puppet-ca to b all the same\)/]);
  t.equal(node(), 'a');
  t.match(await reloader.reload({ force: true }), { applied: true, problems: [] });
  t.equal(node(), 'b', 'forced');
  write(text('a'));
  isCa = false;
  t.match(await reloader.reload({ force: false }), { applied: true }, 'the old one is no CA any more');
  t.equal(node(), 'a');
});

t.test('who stops takes no file over: nothing is bound that nobody would close', async (t) => {
  const backend = await startServer(t, echo);
  const [one, two] = [await freePort(), await freePort()];
  const listening = (...ports: readonly number[]) =>
    file(`{ web: { listen: [${ports.map((port) => `"127.0.0.1:${port}"`)}], port: ${backend.port} } }`);

  t.test('while its sessions finish', async (t) => {
    const { reloader, balancer, write } = await running(t, listening(one));
    const client = await startClient(t, one);
    client.write('hello');
    await readBytes(client, 5);
    const drained = balancer.drain();
    write(listening(one, two));
    const { applied, problems } = await reloader.reload({ force: false });
    t.same([applied, problems], [false, ['no file is taken over: draining']]);
    for (const port of [one, two]) await t.rejects(startClient(t, port), { code: 'ECONNREFUSED' });
    client.end();
    t.equal(await drained, 0);
  });

  t.test('when it was stopped while the addresses were bound', async (t) => {
    const { balancer, write } = await running(t, listening(one));
    write(listening(two));
    const { config } = await loadConfig(balancer.config.file);
    const applied = balancer.apply(config);
    const stopped = balancer.stop();
    await t.rejects(applied, { code: 'not-running', message: 'no file is taken over: stopped' });
    await stopped;
    for (const port of [one, two]) await t.rejects(startClient(t, port), { code: 'ECONNREFUSED' });
  });
});
