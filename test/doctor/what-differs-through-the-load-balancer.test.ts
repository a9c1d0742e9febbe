// The same questions through the load balancer: what it gives must be what one of the nodes gives.

import { once } from 'node:events';
import { createServer } from 'node:https';
import t from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import {
  clientCertificate,
  doctorGroup,
  fileOf,
  type Illness,
  LB,
  lookupOf,
  NETWORK,
  PORTS,
  shortly,
} from '../fixtures/doctor-group.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

t.setTimeout(300_000);

/** Its nodes are all at proxy04, which the doctor's file doesn't know. */
const astray = (text: string): string => text.replaceAll(/: 127\.\d+\.\d+\.1[123]\n/g, `: ${NETWORK}.14\n`);

const CASES: readonly (readonly [title: string, illness: Illness, findings: readonly string[], words: RegExp])[] = [
  [
    'it does not listen for one service',
    { balancer: (text) => text.replace(/ templates: .*/, ' templates: false') },
    ['group balancer error templates'],
    /^templates: nodes answer, but not through the load balancer at .*:18000: connect to .* refused$/,
  ],
  [
    'it reaches a machine that the file does not know, which TLS shows',
    { nodes: 4, balancer: astray },
    ['https', 'smart-proxy', 'puppet', 'puppet-ca', 'mqtt'].map((service) => `group balancer error ${service}`),
    /^https: the certificate at .* \(proxy04\.example\.test\) is that of no node$/,
  ],
  [
    'it reaches a machine that answers as no node does',
    {
      nodes: 4,
      wrong: { proxy04: ['its-own-template-url'] },
      balancer: (text) =>
        text
          .replace('services:\n', `  proxy04: { address: ${NETWORK}.14, services: [templates] }\nservices:\n`)
          .replace(/( templates: \{)/, '$1 nodes: [proxy04],'),
    },
    ['group balancer error templates'],
    /^templates: GET \/unattended\/templateServer is answered at .* as by no node$/,
  ],
  [
    'a node that is away is not its fault',
    { away: { proxy03: ['https', 'smart-proxy'] } },
    ['proxy03 reachable error https', 'proxy03 reachable error smart-proxy'],
    /refused$/,
  ],
];

for (const [title, illness, expected, words] of CASES) {
  t.test(title, async (t) => {
    const group = await doctorGroup(t, illness, fileOf(3));
    const { findings, balancer } = await group.visit({ certificate: await clientCertificate(t) }).report;
    t.strictSame(findings.map(shortly), expected);
    t.match(findings[0]?.what, words);
    t.equal(balancer, 'here');
  });
}

t.test('none runs: that is said, and no finding', async (t) => {
  const group = await doctorGroup(t, { balancer: false });
  const report = await group.visit({ certificate: await clientCertificate(t) }).report;
  t.strictSame(report.findings, []);
  t.equal(report.balancer, 'nowhere');
  t.match(report.not_asked, [{ question: 'anything through the load balancer', why: /is chargehand running\?/ }]);
  t.notOk(report.asked.some(({ node }) => node === null));
});

t.test('it runs on another machine, where the name leads', async (t) => {
  const there = `"${NETWORK}.1:`;
  const text = fileOf().replaceAll(there, `"${NETWORK}.2:`);
  const group = await doctorGroup(t, { balancer: () => fileOf() }, text);
  const isLocal = (address: string): boolean => address !== `${NETWORK}.1`;
  const report = await group.visit({ isLocal, certificate: await clientCertificate(t) }).report;
  t.equal(report.balancer, 'elsewhere');
  t.strictSame(report.findings.map(shortly), ['group dns warning'], 'and this is not the machine that clients dial');
  t.ok(report.asked.some(({ node, target }) => node === null && target === `${NETWORK}.1:10443`));
});

t.test('it runs on another machine, and something else answers here on one of its ports', async (t) => {
  const text = fileOf().replaceAll(`"${NETWORK}.1:`, `"${NETWORK}.2:`);
  const group = await doctorGroup(t, { balancer: () => fileOf() }, text);
  const identity = await (await makeAuthority('somebody else')).issue({ commonName: 'cockpit' });
  const other = createServer({ cert: identity.certificate, key: identity.key }, (_request, response) => response.end());
  other.listen(PORTS['smart-proxy'], `${NETWORK}.2`);
  await once(other, 'listening');
  t.teardown(() => other.close());
  const isLocal = (address: string): boolean => address !== `${NETWORK}.1`;
  const report = await group.visit({ isLocal, certificate: await clientCertificate(t) }).report;
  t.equal(report.balancer, 'elsewhere');
  t.strictSame(report.findings.map(shortly), ['group dns warning']);
});

t.test('where it must be told who the client is, it is told', async (t) => {
  const text = `${fileOf()}defaults: { proxy_protocol: { accept: [127.0.0.0/8] } }\n`;
  const group = await doctorGroup(t, {}, text);
  const { findings } = await group.visit({ certificate: await clientCertificate(t) }).report;
  t.strictSame(findings, []);
});

t.test('a Unix socket of it is not asked, and that is said', async (t) => {
  const folder = temporaryFolder(t);
  const unix = `unix:${folder}/mqtt.sock`;
  const text = fileOf().replace(`"${NETWORK}.1:11883"`, `"${unix}"`);
  const group = await doctorGroup(t, {}, text);
  const report = await group.visit({ certificate: await clientCertificate(t) }).report;
  t.strictSame(report.findings, []);
  t.match(report.not_asked, [{ question: 'mqtt through the load balancer' }]);
});

t.test('the name of the load balancer may be written in capitals', async (t) => {
  const text = fileOf().replace(LB, LB.toUpperCase());
  const group = await doctorGroup(t, {}, text);
  const lookup = lookupOf({ [LB.toUpperCase()]: [`${NETWORK}.1`] });
  const { findings } = await group.visit({ lookup, certificate: await clientCertificate(t) }).report;
  t.strictSame(findings, []);
});
