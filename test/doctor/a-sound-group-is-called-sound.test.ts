// What the file may say beyond the profile, in front of nodes that are all well: the doctor finds nothing, and says what it
// could not ask.

import t, { type Test } from 'tap';
import type { Report } from '../../src/doctor/report.ts';
import { clientCertificate, doctorGroup, fileOf, NETWORK, PORTS } from '../fixtures/doctor-group.ts';

t.setTimeout(300_000);

async function reportFor(t: Test, text: string): Promise<Report> {
  const group = await doctorGroup(t, {}, text);
  const report = await group.visit({ certificate: await clientCertificate(t) }).report;
  await group.close();
  return report;
}

t.test('a health check that asks another port of the node', async (t) => {
  const health = `health: { probe: pulp, port: ${PORTS.https} }`;
  const text = fileOf(3).replace(/( http: \{.*) \}/, `$1, ${health} }`);
  const { findings, asked } = await reportFor(t, text);
  t.strictSame(findings, []);
  t.ok(asked.some(({ service, question }) => service === 'http' && question === 'GET /pub/katello-server-ca.crt'));
});

t.test('the same of a service that no profile knows', async (t) => {
  const own = `  own: { listen: "${NETWORK}.1:11389", port: ${PORTS.mqtt}, health: { probe: smart-proxy, port: ${PORTS['smart-proxy']} } }\n`;
  const text = fileOf(3).replace('services:\n', `services:\n${own}`);
  const { findings, not_asked: notAsked } = await reportFor(t, text);
  t.strictSame(findings, []);
  t.match(notAsked.at(-1)?.question, 'own through the load balancer');
});

t.test('a check on another port, of a service whose nodes get a PROXY header', async (t) => {
  const health = `health: { type: http, port: ${PORTS.templates}, path: /features }`;
  const own = `  own: { listen: "${NETWORK}.1:11389", port: ${PORTS.mqtt}, proxy_protocol: { send: v2 }, ${health} }\n`;
  const { findings } = await reportFor(t, fileOf(3).replace('services:\n', `services:\n${own}`));
  t.strictSame(findings, []);
});

t.test('services that do not let this machine in', async (t) => {
  const text = fileOf(3)
    .replace(/( https: \{.*) \}/, '$1, allow: [192.0.2.0/24] }')
    .replace(/( mqtt: \{.*) \}/, '$1, deny: [127.0.0.0/8] }');
  const { findings, not_asked: notAsked, balancer } = await reportFor(t, text);
  t.strictSame(findings, []);
  t.equal(balancer, 'here');
  t.match(notAsked, [
    { question: 'https through the load balancer', why: /allow/ },
    { question: 'mqtt through the load balancer', why: /deny/ },
  ]);
});

t.test('no service lets this machine in', async (t) => {
  const { findings, not_asked: notAsked } = await reportFor(t, `${fileOf(3)}defaults: { deny: [127.0.0.0/8] }\n`);
  t.strictSame(findings, []);
  t.equal(notAsked.length, 7);
  t.match(notAsked, [{ question: 'http through the load balancer', why: /deny/ }]);
});

t.test('the only node of a service is drained', async (t) => {
  const text = fileOf(3).replace(/proxy01: (127\S+)/, 'proxy01: { address: $1, state: drain }');
  const { findings, not_asked: notAsked } = await reportFor(t, text);
  t.strictSame(findings, []);
  t.match(notAsked, [{ question: 'puppet-ca through the load balancer', why: 'none of its nodes is ready' }]);
});
