// puppet, puppet-ca: two puppetservers, the CA on one of them, and agents with ca_port = 8141.

import '../fixtures/own-namespaces.ts';
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { noNamespaces } from '../fixtures/own-namespaces.ts';
import { Puppet } from '../fixtures/puppet.ts';
import { leaveOut, missing, Seen } from '../fixtures/seen.ts';
import { Site } from '../fixtures/site.ts';
import { until } from '../fixtures/until.ts';

const PACKAGES = ['puppetserver', 'puppet-agent', 'curl', 'openssl'];
const why = noNamespaces || missing(...PACKAGES);
if (why !== false) leaveOut(t, why);
else {
  t.setTimeout(1_200_000);
  const AGENTS = 10;
  const seen = new Seen(t, 'puppet, puppet-ca', 'one-node-signs-and-both-compile', PACKAGES);
  const site = await Site.of(t);
  const client = site.client(0);
  const puppet = await Puppet.prepare(site);
  const [signing, other] = [site.node(0), site.node(1)];
  const [ca] = await Promise.all([puppet.start(signing), puppet.start(other)]);

  const balancer = await site.chargehand(`
ca_node: proxy01
profile: foreman-current
services:
  http: false
  https: false
  templates: false
  smart-proxy: false
  # What puppet-ca must not be, on a port of its own.
  spread-ca: { listen: 8142, port: 8140, wait_for_client: true, health: tcp }
`);
  await balancer.probed('puppet', 'puppet-ca', 'spread-ca');

  const names = Array.from({ length: AGENTS }, (_, i) => `agent${i + 1}`);
  const authority = join(puppet.caFolder, 'ca_crt.pem');
  const list = join(puppet.caFolder, 'ca_crl.pem');

  /** Which node compiled the catalog of each run. */
  const compiledOn = (runs: readonly { readonly stdout: string }[]) =>
    runs.map(({ stdout }) => /compiled on (\w+)/.exec(stdout)?.[1]);

  const serialOf = (pem: Buffer) => Number.parseInt(new X509Certificate(pem).serialNumber, 16);

  const sessionsOf = (service: string) => balancer.sessions.filter((line) => line.service === service);

  t.test(`${AGENTS} agents at once get their certificates, and their catalogs from both nodes`, async (t) => {
    const runs = await Promise.all(names.map((name) => puppet.agent(client, name)));
    for (const [i, { code, stdout, stderr }] of runs.entries()) t.equal(code, 0, `${names[i]}: ${stdout}${stderr}`);
    t.same(new Set(compiledOn(runs)), new Set(['proxy01', 'proxy02']));
    const asked = sessionsOf('puppet-ca');
    t.ok(asked.length >= AGENTS);
    t.ok(
      asked.every(({ node }) => node === 'proxy01'),
      'port 8141 led to the CA alone',
    );
    const count = (node: string) => compiledOn(runs).filter((name) => name === node).length;
    seen.add(
      `${AGENTS} agents at once (\`ca_port = 8141\`): certificates from proxy01 alone, catalogs from proxy01 (${count('proxy01')}) and ` +
        `proxy02 (${count('proxy02')}).`,
    );
  });

  t.test('one agent, run after run, gets its catalogs from both nodes', async (t) => {
    const runs: { readonly stdout: string }[] = [];
    while (new Set(compiledOn(runs)).size < 2 && runs.length < 6) {
      const run = await puppet.agent(client, 'agent2');
      t.equal(run.code, 0, run.stdout + run.stderr);
      runs.push(run);
    }
    t.same(new Set(compiledOn(runs)), new Set(['proxy01', 'proxy02']));
    seen.add(`One of them, run again: its catalogs came from ${compiledOn(runs).join(', then ')}.`);
  });

  t.test("the CA's books are whole", async (t) => {
    const signed = readdirSync(join(puppet.caFolder, 'signed')).map((name) =>
      readFileSync(join(puppet.caFolder, 'signed', name)),
    );
    const serials = signed.map(serialOf).sort((a, b) => a - b);
    t.same(
      serials,
      Array.from({ length: AGENTS + 2 }, (_, i) => i + 1),
      'a number each for two nodes and the agents, none twice',
    );
    t.equal(Number.parseInt(readFileSync(join(puppet.caFolder, 'serial'), 'utf8'), 16), AGENTS + 3, 'the next one');
    const inventory = readFileSync(join(puppet.caFolder, 'inventory.txt'), 'utf8').split('\n');
    for (const name of names) {
      const serial = serialOf(readFileSync(puppet.certificateOf(name)));
      const lines = inventory.filter((line) => line.endsWith(`/CN=${name}.example.test`));
      t.same(
        lines.map((line) => Number.parseInt(line, 16)),
        [serial],
        `the inventory has the certificate that ${name} has`,
      );
      t.match(
        await client.must([
          'openssl',
          'verify',
          '-crl_check_all',
          '-CAfile',
          authority,
          '-CRLfile',
          list,
          puppet.certificateOf(name),
        ]),
        / OK$/m,
      );
    }
    seen.add(
      `The CA's serial numbers 1 to ${AGENTS + 2}: each once; every agent's certificate verifies against the CA and its CRL.`,
    );
  });

  t.test('a certificate is revoked through port 8141, and the CRL says so', async (t) => {
    const before = sessionsOf('puppet-ca').length;
    const revoke = ['puppetserver', 'ca', 'revoke', '--certname', 'agent1.example.test'];
    await signing.must([...revoke, '--config', puppet.configFile(signing)]);
    const crl = await client.must(['openssl', 'crl', '-noout', '-text', '-in', list]);
    t.same(
      [...crl.matchAll(/Serial Number: (\w+)/g)].map(([, serial = '']) => Number.parseInt(serial, 16)),
      [serialOf(readFileSync(puppet.certificateOf('agent1')))],
    );
    await until(() => sessionsOf('puppet-ca').length > before, 'its session');
    seen.add('`puppetserver ca revoke` worked through port 8141; the CRL names that one certificate.');
  });

  t.test('sent to both nodes, half of what is asked of the CA would fail', async (t) => {
    const get = ['curl', '-sk', '-m', '60', '-o', '/dev/null', '-w', '%{http_code}'];
    const url = 'https://smartproxy.example.test:8142/puppet-ca/v1/certificate/ca';
    const codes = [await client.must([...get, url]), await client.must([...get, url])];
    t.same(codes.sort(), ['200', '404']);
  });

  t.test('the CA node is down: no new certificate, an immediate error, catalogs go on', async (t) => {
    await ca.end('SIGKILL');
    const before = balancer.sessions.length;
    const curl = ['curl', '-sk', '-m', '60', 'https://smartproxy.example.test:8141/puppet-ca/v1/certificate/ca'];
    const { code } = await client.run(curl);
    t.ok([7, 35, 56].includes(code), `refused or closed, not a timeout: ${code}`);
    const late = await puppet.agent(client, 'latecomer');
    t.not(late.code, 0);
    t.notOk(existsSync(puppet.certificateOf('latecomer')));
    const runs = await Promise.all(names.slice(1, 5).map((name) => puppet.agent(client, name)));
    for (const { code, stdout, stderr } of runs) t.equal(code, 0, stdout + stderr);
    t.same(new Set(compiledOn(runs)), new Set(['proxy02']));
    const refused = balancer.sessions.slice(before).filter((line) => line.service === 'puppet-ca');
    t.ok(refused.length > 0);
    t.ok(
      refused.every(({ node, end }) => node !== 'proxy02' && ['dial-failed', 'no-backend'].includes(end)),
      'none went to the other node',
    );
    const longest = Math.max(...refused.map((line) => line.duration_ms));
    seen.add(
      `The CA node down: a new agent got no certificate (its sessions ended as ${[...new Set(refused.map(({ end }) => `\`${end}\``))].join(' and ')}, the longest after ${Math.ceil(longest)} ms), ` +
        `${runs.length} agents went on to get their catalogs, from proxy02.`,
    );
  });
}
