// What a visit is careful about: so many questions at once and no more, nothing left open, small groups, certificates of
// clients, services of the user's own, nodes in maint.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { PROTECTED_REPOSITORY, REPOSITORY } from '../../demo/answers.ts';
import { makeAuthority } from '../../demo/certificates.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Checkers } from '../../src/health/checkers.ts';
import type { Network } from '../../src/health/probes/probe.ts';
import { probeNetwork } from '../../src/net/probe-socket.ts';
import { PLAIN_SOCKETS } from '../../src/net/socket-way.ts';
import { clientCertificate, doctorGroup, fileOf, LB, NETWORK, PORTS, shortly } from '../fixtures/doctor-group.ts';
import { openSockets } from '../fixtures/open-sockets.ts';

t.setTimeout(300_000);

t.test('a dozen questions at once, and no more; afterwards nothing is open', async (t) => {
  const group = await doctorGroup(t, { balancer: false });
  const listening = process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
  const plain = probeNetwork(PLAIN_SOCKETS);
  let open = 0;
  let most = 0;
  const opened = (): void => {
    open++;
    most = Math.max(most, open);
  };
  const network: Network = {
    async connect(target, signal) {
      opened();
      try {
        const socket = await plain.connect(target, signal);
        socket.once('close', () => open--);
        return socket;
      } catch (error) {
        open--;
        throw error;
      }
    },
    open(target, owner) {
      opened();
      return plain.open(target, {
        ...owner,
        connected: () => owner.connected(),
        data: (bytes) => owner.data(bytes),
        ended: () => owner.ended(),
        closed(error) {
          open--;
          owner.closed(error);
        },
      });
    },
  };
  const { findings, asked } = await group.visit({ network }).report;
  t.strictSame(findings, []);
  t.ok(asked.length > 30);
  t.equal(most, 12);
  t.equal(open, 0);
  t.ok(await openSockets(listening));
});

t.test('a visit that is called off leaves nothing open', async (t) => {
  const group = await doctorGroup(t, { balancer: false, wrong: { proxy02: ['pulp-never-answers'] } });
  const listening = process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
  const visit = group.visit({ timeoutMs: 600_000 });
  await new Promise((resolve) => setImmediate(resolve));
  await visit.close();
  t.ok(await openSockets(listening));
});

t.test("a health check's certificate that can't be read is no node's fault, and leaves nothing open", async (t) => {
  const health = 'health: { probe: pulp, cert: /nowhere/c.pem, key: /nowhere/k.pem }';
  const group = await doctorGroup(t, { balancer: false }, fileOf().replace(/( https: \{.*) \}/, `$1, ${health} }`));
  const listening = process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
  const { findings, not_asked: notAsked } = await group.visit({ certificate: await clientCertificate(t) }).report;
  t.ok(await openSockets(listening));
  t.strictSame(findings, []);
  t.match(notAsked, [
    {
      question: 'https /pub/katello-server-ca.crt on proxy01, proxy02 and proxy03',
      why: "cert /nowhere/c.pem can't be read: no such file",
    },
    { question: /^https \/pulp\/api\/v3\/status\/ on / },
    { question: /^https \/v2\/ on / },
  ]);
});

t.test('of two nodes that differ, who lacks something is named; else both are', async (t) => {
  const group = await doctorGroup(t, { nodes: 2 });
  const certificate = await clientCertificate(t);
  for (const [fault, expected, words] of [
    ['a-feature-is-missing', 'proxy02 features error smart-proxy', /lacks registration, which proxy01 has$/],
    ['a-feature-too-many', 'proxy01 features error smart-proxy', /lacks bmc, which proxy02 has$/],
    [
      'another-version',
      'group version warning smart-proxy',
      /^Smart Proxy is 3\.12\.0 on proxy01 and 3\.11\.1 on proxy02$/,
    ],
    ['an-older-repository', 'proxy02 repository warning https', /1740000000, on proxy01 1750000000$/],
    ['another-repository', 'group repository warning https', /is not the same on proxy01 and proxy02$/],
  ] as const) {
    group.sicken({ proxy02: [fault] });
    const { findings } = await group.visit({ certificate }).report;
    t.strictSame(findings.map(shortly), [expected], fault);
    t.match(findings[0]?.what, words, fault);
  }
});

t.test('a protected repository: not asked without a certificate, nor with one that is refused', async (t) => {
  const text = fileOf(3, `doctor: { repositories: [${PROTECTED_REPOSITORY}, ${REPOSITORY}] }\n`);
  const group = await doctorGroup(t, {}, text);
  const why = async (certificate?: { cert: string; key: string }): Promise<string[]> => {
    const { findings, not_asked: notAsked } = await group.visit({ certificate }).report;
    t.strictSame(findings, []);
    return notAsked.map((one) => `${one.question}: ${one.why}`);
  };
  t.match(await why(), [
    /\/v2\/features/,
    /^https .*protected\/repodata\/repomd\.xml on proxy01, .*: it wants a client cert/,
  ]);
  t.strictSame(await why(await clientCertificate(t)), []);
  t.match(await why(await clientCertificate(t, await makeAuthority())), [
    /\/v2\/features .*was refused/,
    /protected.*the client certificate was refused/,
  ]);
});

t.test('a repository that no node has', async (t) => {
  const group = await doctorGroup(t, {}, fileOf(3, 'doctor: { repositories: [/pulp/content/Example/No] }\n'));
  const { findings } = await group.visit({ certificate: await clientCertificate(t) }).report;
  t.strictSame(findings.map(shortly), ['group repository warning https']);
  t.equal(findings[0]?.what, 'no node has /pulp/content/Example/No/repodata/repomd.xml');
});

t.test("services of the user's own are asked what their health checks ask", async (t) => {
  const text = `version: 1
nodes: { proxy01: ${NETWORK}.11, proxy02: ${NETWORK}.12 }
services:
  plain: { listen: "${NETWORK}.1:10080", port: ${PORTS.http} }
  web: { listen: "${NETWORK}.1:18000", port: ${PORTS.templates}, health: { type: http, path: /features, expect: { json: { $: { contains: [tftp] } } } } }
  secure: { listen: "${NETWORK}.1:10443", port: ${PORTS.https}, health: { type: tls } }
  port: { listen: "${NETWORK}.1:18140", port: ${PORTS.puppet}, health: { type: https, port: ${PORTS['smart-proxy']}, path: /version } }
http: false
admin: false
`;
  const group = await doctorGroup(t, { nodes: 2 }, text);
  const { findings, not_asked: notAsked } = await group.visit().report;
  t.strictSame(findings.map(shortly), ['proxy01 health error web', 'proxy02 health error web']);
  t.equal(findings[0]?.what, 'GET /features: the answer lacks "tftp"');
  t.strictSame(
    notAsked.map(({ question }) => question),
    [
      'whether certificates, templates, registry and DNS carry the name that clients dial',
      'secure: whether its certificates lead to the CA that clients trust',
      'port: whether its certificates lead to the CA that clients trust',
      'port through the load balancer',
    ],
  );
});

t.test('a health check that asks by no name is asked so by the doctor, too', async (t) => {
  const hosts: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    hosts.push(request.headers.host);
    response.end();
  }).listen(0, `${NETWORK}.11`);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const text = `version: 1
name: ${LB}
nodes: { proxy01: ${NETWORK}.11 }
services: { web: { listen: "${NETWORK}.1:10080", port: ${port}, health: { type: http } } }
http: false
admin: false
`;
  const group = await doctorGroup(t, { nodes: 0, balancer: false }, text);
  const [web] = group.config.services;
  const [node] = web?.backends ?? [];
  if (web === undefined || web.health === false || node === undefined) throw new Error('not the file of this test');
  const checkers = new Checkers({ network: probeNetwork(PLAIN_SOCKETS), clock: systemClock });
  await checkers.ask(web.health, { address: node.host, port });
  await group.visit().report;
  await checkers.close();
  t.strictSame(hosts, [`${NETWORK}.11:${port}`, `${NETWORK}.11:${port}`]);
});

t.test('a node in maint is left alone where that is wanted', async (t) => {
  const text = fileOf().replace(`proxy02: ${NETWORK}.12`, `proxy02: { address: ${NETWORK}.12, state: maint }`);
  const group = await doctorGroup(t, { away: { proxy02: Object.keys(PORTS) as (keyof typeof PORTS)[] } }, text);
  const certificate = await clientCertificate(t);
  t.equal((await group.visit({ certificate }).report).findings.length, 1, 'the command asks it');
  t.strictSame((await group.visit({ certificate, skipMaint: true }).report).findings, []);
});
