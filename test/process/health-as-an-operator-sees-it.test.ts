// The built program before nodes that fall ill, over real TLS: what clients get, and what log, `status`, the page and the
// metrics say of it.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import t, { type Test } from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import type { BackendAnswer, StatusAnswer } from '../../src/control/admin-status.ts';
import { BalancerProcess } from '../fixtures/balancer-process.ts';
import { buildPackage } from '../fixtures/built-package.ts';
import { http, type SickNode, sickNode } from '../fixtures/sick-node.ts';
import { closedPort, readAll } from '../fixtures/tcp.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { until } from '../fixtures/until.ts';

t.setTimeout(480_000);

const NAME = 'smartproxy.example.net';
const EVIL =
  '\u001b[2J\u001b]0;owned\u0007\r\n\u202e<script>alert(1)</script>\u0000"\',;=HYPERLINK("x")\u009b31m\u2028';
/** Terminal escapes, line ends, and what turns the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const HARMFUL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

const { main } = await buildPackage(t);
const authority = await makeAuthority('Katello CA');
const identity = await authority.issue({ commonName: NAME, names: [NAME] });
const env = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' };

const pulp = (connected: boolean): string =>
  http(200, JSON.stringify({ database_connection: { connected }, online_content_apps: [{ name: 'a' }] }));

interface Group {
  readonly nodes: readonly SickNode[];
  readonly balancer: BalancerProcess;
  port(service: string): number;
  /** `chargehand status`, as it is printed. */
  status(): Promise<string>;
  /** The backends of all services, as the read-only port tells them. */
  backends(): Promise<readonly BackendAnswer[]>;
  /** Lines of the log with this message, as `node: reason`. */
  told(msg: string): readonly string[];
  /** One client after the other; each must be served. The nodes that did. */
  clients(count: number, service?: string): Promise<readonly string[]>;
}

/** `services`: name to the rest of its entry; the nodes are `n1`, `n2`, `n3`. */
async function group(
  t: Test,
  names: readonly string[],
  services: Readonly<Record<string, string>>,
  answer: (path: string, node: string) => string,
  of = identity,
): Promise<Group> {
  const nodes: SickNode[] = [];
  for (const name of names) nodes.push(await sickNode(t, name, of, (path) => answer(path, name)));
  const folder = temporaryFolder(t);
  const file = join(folder, 'c.yaml');
  const free = new Set<number>();
  while (free.size <= Object.keys(services).length) free.add(await closedPort());
  const [page, ...own] = free;
  const ports = new Map(Object.keys(services).map((service, i) => [service, own[i] ?? 0]));
  const at = (node: SickNode): string =>
    Object.keys(services)
      .map((name) => `${name}: ${node.port}`)
      .join(', ');
  writeFileSync(
    file,
    `version: 1
name: ${NAME}
nodes:
${nodes.map((node) => `  ${node.name}: { address: 127.0.0.1, ports: { ${at(node)} } }`).join('\n')}
defaults: { health: { interval: 400ms, fast_interval: 200ms, timeout: 2s } }
services:
${Object.entries(services)
  .map(([name, rest]) => `  ${name}: { listen: "127.0.0.1:${ports.get(name)}", ${rest} }`)
  .join('\n')}
log: { level: trace }
http: { listen: "127.0.0.1:${page}" }
admin: { socket: ${join(folder, 'admin.sock')}, state: ${join(folder, 'state.json')}, mode: "0600" }
`,
  );
  const balancer = new BalancerProcess(t, main, file, `http://127.0.0.1:${page}`);
  await balancer.ready();
  const port = (service: string): number => ports.get(service) ?? 0;
  return {
    nodes,
    balancer,
    port,
    status: () =>
      new Promise((resolve, reject) => {
        execFile(process.execPath, [main, 'status', '-c', file], { env, encoding: 'utf8' }, (error, out, err) => {
          if (error === null) resolve(out);
          else reject(new Error(err));
        });
      }),
    backends: async () => {
      const { services } = (await (await balancer.get('/status.json')).json()) as StatusAnswer;
      return services.flatMap((service) => service.backends);
    },
    told: (msg) =>
      balancer.lines
        .filter((line) => line['msg'] === msg)
        .map(
          (line) => `${line['node'] ?? line['service']}${line['reason'] === undefined ? '' : `: ${line['reason']}`}`,
        ),
    async clients(count, service = Object.keys(services)[0] ?? '') {
      const served = new Set<string>();
      for (let i = 0; i < count; i++) served.add(await who(port(service)));
      return [...served].sort();
    },
  };
}

/** Who serves a client. */
async function who(port: number): Promise<string> {
  const socket = connectTls({ host: '127.0.0.1', port, ca: authority.certificate, servername: NAME });
  socket.write('GET /who HTTP/1.1\r\n\r\n');
  return String((await readAll(socket)).bytes).split('\r\n\r\n')[1] ?? '';
}

const up = (node: string, service = 'https') => `chargehand_backend_up{service="${service}",node="${node}"}`;
const open = 'chargehand_service_failing_open{service="https"}';
const DEAD = 'GET /pulp/api/v3/status/: database_connection.connected is false';

t.test('answers 200 with a dead database: one of three is out in three probes, all three are tried', async (t) => {
  const g = await group(t, ['n1', 'n2', 'n3'], { https: 'health: { probe: pulp }' }, () => pulp(true));
  const { balancer, nodes } = g;
  const [, ill] = nodes;
  if (ill === undefined) throw new Error('no node');
  await until(() => nodes.every((node) => node.asked > 0), 'a first probe of each');
  t.same(await g.clients(6), ['n1', 'n2', 'n3']);
  ill.answer = () => pulp(false);
  while (g.told('backend down').length === 0) await g.clients(1);
  t.same(g.told('backend down'), [`n2: ${DEAD}`]);
  const told = balancer.lines.findIndex((line) => line['msg'] === 'backend down');
  const failed = balancer.lines
    .slice(0, told)
    .filter((line) => line['msg'] === 'probe' && line['failure'] === 'content');
  t.same(
    failed.map((line) => line['node']),
    ['n2', 'n2', 'n2'],
    'three probes',
  );
  t.same(await g.clients(6), ['n1', 'n3']);
  t.match(await g.status(), new RegExp(`n2 +down .*\\n +${DEAD.replaceAll('.', '\\.')}\\n`));
  t.match(
    await balancer.metrics(),
    new Map([
      [up('n1'), 1],
      [up('n2'), 0],
      [open, 0],
    ]),
  );

  ill.answer = () => pulp(true);
  await balancer.metricsWhen('n2 is up again', (samples) => samples.get(up('n2')) === 1);
  await until(() => g.told('backend up').length > 0, 'its line');
  t.same(g.told('backend up'), ['n2: 2 good in a row']);
  t.same(await g.clients(6), ['n1', 'n2', 'n3']);

  for (const node of nodes) node.answer = () => pulp(false);
  await balancer.metricsWhen('it fails open', (samples) => samples.get(open) === 1);
  t.same(await g.clients(6), ['n1', 'n2', 'n3']);
  for (const node of nodes) node.asked = 0;
  await until(() => nodes.every((node) => node.asked >= 5), 'five more probes of each');
  t.same(g.told('failing open: all ready backends are down, they are tried anyway'), ['https'], 'one alarm');
  t.match(await g.status(), /failing open: all ready nodes are down, they are tried all the same/);
  t.same(await g.clients(6), ['n1', 'n2', 'n3']);
  t.equal(await balancer.stop(), 0);
  t.match(g.told('backend down').at(-1), /down 2 times in 10 minutes, held for 20 s$|connected is false$/);
  t.ok(
    g.told('backend down').includes(`n2: ${DEAD}; down 2 times in 10 minutes, held for 20 s`),
    'a hold that grows says so',
  );
  t.same(
    balancer.sessions.filter(({ end }) => end !== 'completed'),
    [],
    'no client noticed anything',
  );
});

t.test('a load that makes each answer too slowly: one may leave, the others are kept and carry it', async (t) => {
  const g = await group(t, ['n1', 'n2', 'n3'], { https: 'health: { probe: pulp }' }, () => pulp(true));
  const { balancer, nodes } = g;
  await until(() => nodes.every((node) => node.asked > 0), 'a first probe of each');
  for (const node of nodes) node.answer = () => 'silent';
  const kept = 'backend slow, but kept: too few others are up';
  await until(() => g.told(kept).length === 2, 'two that are kept');
  for (const node of nodes) node.asked = 0;
  await until(() => nodes.every((node) => node.asked >= 3), 'three more probes of each');
  t.match(g.told('backend down'), [/^n\d: GET \/pulp\/api\/v3\/status\/: no answer in 2 s$/]);
  t.equal(g.told('backend down').length, 1, 'no cascade');
  t.equal(g.told(kept).length, 2, 'each is told once');
  t.equal((await g.clients(6)).length, 2);
  const status = await g.status();
  t.equal(status.match(/slow, but kept: too few others are up; GET/g)?.length, 2);
  t.notMatch(status, /failing open/);
  for (const node of nodes) node.answer = () => pulp(true);
  await until(() => g.told('backend no longer slow').length === 2, 'that it is over');
  t.equal(await balancer.stop(), 0);
  t.same(
    balancer.sessions.filter(({ end }) => end !== 'completed'),
    [],
  );
});

t.test(
  'the CA: 403 is an alarm and it is dialled, hung as well; gone it is refused at once, and others go on',
  async (t) => {
    const ca = 'balance: pinned, node: n1, health: { probe: puppet-ca }';
    const services = { 'puppet-ca': ca, puppet: 'health: { probe: puppetserver }' };
    const wellCa = http(200, '-----BEGIN CERTIFICATE-----');
    const well = (path: string): string => (path.includes('puppet-ca') ? wellCa : http(200, 'running'));
    const g = await group(t, ['n1', 'n2'], services, well);
    const { balancer, nodes } = g;
    const [first] = nodes;
    if (first === undefined) throw new Error('no node');
    await until(() => nodes.every((node) => node.asked > 0), 'a first probe of each');
    const alarm = 'the CA is down, no other node takes its place';
    const pinned = 'chargehand_pinned_up{service="puppet-ca"}';

    first.answer = (path) => (path.includes('puppet-ca') ? http(403) : well(path));
    await balancer.metricsWhen('the alarm', (samples) => samples.get(pinned) === 0);
    await until(() => g.told(alarm).length === 1, 'its line');
    t.same(g.told(alarm), ['n1: GET /puppet-ca/v1/certificate/ca: 403, not 200']);
    t.same(await g.clients(3, 'puppet-ca'), ['n1'], 'it is dialled all the same');
    t.match(await g.status(), /its only node n1 is down/);
    first.answer = well;
    await balancer.metricsWhen('the CA is up', (samples) => samples.get(pinned) === 1);
    await until(() => g.told('the CA is up again').length === 1, 'its line');
    t.match(g.told('the CA is up again'), [/^n1: 2 good in a row$/]);

    first.answer = (path) => (path.includes('puppet-ca') ? 'silent' : well(path));
    await balancer.metricsWhen('the second alarm', (samples) => samples.get(pinned) === 0);
    await until(() => g.told(alarm).length === 2, 'its line');
    t.match(g.told(alarm).at(-1), /^n1: GET \/puppet-ca\/v1\/certificate\/ca: no answer in 2 s; down 2 times/);
    t.same(await g.clients(3, 'puppet-ca'), ['n1']);

    await first.leave();
    const gone = async (): Promise<boolean> =>
      (await g.backends())
        .filter(({ node }) => node === 'n1')
        .every(({ reason }) => /^connect to .*: refused/.test(reason));
    while (!(await gone())) await new Promise((resolve) => setImmediate(resolve));
    const dials = (await balancer.metrics()).get(
      'chargehand_dial_failures_total{service="puppet-ca",node="n1",reason="refused"}',
    );
    const took: number[] = [];
    for (let i = 0; i < 20; i++) {
      const from = performance.now();
      const client = connect({ host: '127.0.0.1', port: g.port('puppet-ca') });
      t.match(await readAll(client), { bytes: Buffer.alloc(0), how: 'fin' });
      took.push(performance.now() - from);
    }
    t.comment(`8141 without its CA refuses within ${Math.max(...took).toFixed(1)} ms (the longest of ${took.length})`);
    await balancer.idle();
    const refused = balancer.lines
      .filter((line) => line['service'] === 'puppet-ca' && line['msg'] === 'session')
      .at(-1);
    t.match(refused, { end: 'no-backend', ended_by: 'proxy', retries: 0, node: undefined });
    const after = (await balancer.metrics()).get(
      'chargehand_dial_failures_total{service="puppet-ca",node="n1",reason="refused"}',
    );
    t.equal(after, dials, 'nobody is dialled');
    t.same(await g.clients(6, 'puppet'), ['n2'], 'the others go on');
    t.equal(await balancer.stop(), 0);
  },
);

t.test('what nodes say is harmless wherever it is shown', async (t) => {
  const evil = await (await makeAuthority(`${EVIL} CA`)).issue({ commonName: EVIL });
  const services = { https: 'health: { type: https, expect: { json: { status: fine } } }' };
  const answers = [
    `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${EVIL}`,
    http(200, JSON.stringify({ status: EVIL })),
    `HTTP/1.1 200 ${EVIL}\r\n\r\n`,
    'HTTP/1.1 302 Found\r\nLocation: http://x/\u009b31m<script>\r\nContent-Length: 0\r\n\r\n',
    `${EVIL}\r\n\r\n`,
  ];
  const names = answers.map((_, i) => `n${i}`);
  const g = await group(t, names, services, (_path, node) => answers[names.indexOf(node)] ?? '', evil);
  const { balancer, nodes } = g;
  await until(() => new Set(g.told('backend down').map((line) => line.slice(0, 2))).size === nodes.length, 'all down');
  const pages = ['/metrics', '/status.json', '/healthz', '/readyz?services'];
  const shown = new Map<string, string>([['status', await g.status()]]);
  for (const path of pages) shown.set(path, await (await balancer.get(path)).text());
  t.match(shown.get('status'), /certificate is for CN=/);
  t.equal(await balancer.stop(), 0);
  for (const [where, text] of shown) t.notMatch(text, HARMFUL, where);
  t.notMatch(shown.get('/metrics'), /<script|owned/, 'no label is what a node said');
  for (const line of balancer.lines) t.notMatch(Object.values(line).join(' '), HARMFUL, 'the log');
});
