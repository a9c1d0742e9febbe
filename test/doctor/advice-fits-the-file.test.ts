// What the doctor advises is put together from what the file says, and from nothing that it doesn't say.

import t, { type Test } from 'tap';
import { doctorGroup, fileOf, type Illness, LB, PORTS } from '../fixtures/doctor-group.ts';

t.setTimeout(300_000);

/** What is advised for proxy02, by check. */
async function advice(t: Test, wrong: NonNullable<Illness['wrong']>[string], text = fileOf()) {
  const group = await doctorGroup(t, { balancer: false, wrong: { proxy02: wrong } }, text);
  const { findings } = await group.visit().report;
  await group.close();
  return Object.fromEntries(findings.filter(({ node }) => node === 'proxy02').map((one) => [one.check, one]));
}

t.test('a registry that is not there is no matter of its realm', async (t) => {
  const { registry } = await advice(t, ['no-registry']);
  t.match(registry, { what: '/v2/ answers 404', mend: /^on proxy02: systemctl status httpd 'pulpcore\*'/ });
  t.notMatch(registry, { why: /token/ });
});

t.test("a realm: by the port that the Smart Proxies' service has", async (t) => {
  const { registry } = await advice(t, ['its-own-realm']);
  t.match(registry?.mend, `--foreman-proxy-registration-url https://${LB}:${PORTS['smart-proxy']} `);
});

t.test("the nodes' port where only a socket of systemd knows the other", async (t) => {
  const text = fileOf().replace(/( templates: \{ listen: )"[^"]*"/, '$1"systemd:templates"');
  const { templates } = await advice(t, ['its-own-template-url'], text);
  t.match(templates?.mend, `--foreman-proxy-template-url http://${LB}:${PORTS.templates};`);
});

t.test('a file without a name', async (t) => {
  const { templates } = await advice(t, ['no-templates'], fileOf().replace(`name: ${LB}\n`, ''));
  t.match(templates?.mend, `--foreman-proxy-template-url http://LB-NAME:${PORTS.templates};`);
});

t.test("the certificate of the CA's own node is made while it is stopped, and nothing is revoked", async (t) => {
  const names = { names: ['proxy.example.test'] };
  const certificates = { proxy01: names, proxy02: names };
  const group = await doctorGroup(t, { balancer: false, certificates, certificatesOf: ['puppet'] });
  const { findings } = await group.visit().report;
  const mend = (node: string) => findings.find((one) => one.node === node && one.check === 'certificate-name')?.mend;
  t.match(
    mend('proxy01'),
    /systemctl stop puppetserver; .* puppetserver ca generate --ca-client --certname proxy01.example.test --subject-alt-names smartproxy.example.test; systemctl start puppetserver$/,
  );
  t.notMatch(mend('proxy01'), 'ca clean');
  t.match(mend('proxy02'), /^on the CA node: puppetserver ca clean --certname proxy02.example.test && /);
});

t.test('in 2018 other commands made certificates', async (t) => {
  const names = { names: ['proxy.example.test'] };
  const group = await doctorGroup(
    t,
    { balancer: false, certificates: { proxy01: names, proxy02: names } },
    fileOf()
      .replace('foreman-current', 'foreman-2018')
      .replace('services:\n', 'services:\n  anaconda: false\n  rhsm: false\n  amqp: false\n  docker: false\n'),
  );
  const { findings } = await group.visit().report;
  const mends = findings
    .filter(({ check, node }) => check === 'certificate-name' && node === 'proxy02')
    .map(({ mend }) => mend);
  t.equal(mends.length, 2);
  t.match(
    mends[0],
    /^on the Foreman server: foreman-proxy-certs-generate .*; then the installer on proxy02.example.test with it$/,
  );
  t.match(
    mends[1],
    /^on the CA node: puppet cert clean proxy02.example.test && puppet cert generate proxy02.example.test --dns_alt_names=smartproxy.example.test; /,
  );
  const signs = findings.find(({ node, services }) => node === 'proxy01' && services.includes('puppet'));
  t.match(signs?.mend, /puppet cert generate proxy01.example.test .*systemctl restart puppetserver$/);
});
