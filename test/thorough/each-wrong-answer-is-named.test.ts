// One wrong answer at a time, on real TLS: the doctor names that fault, that node, and nothing else; a healthy group gives
// no findings.

import t from 'tap';
import { FAULTS, type Fault } from '../../demo/faults.ts';
import { clientCertificate, doctorGroup, shortly } from '../fixtures/doctor-group.ts';

t.setTimeout(300_000);

/** A wrong answer of proxy02 → the one finding, and words of it. */
const ANSWERS: Readonly<Record<Fault, readonly [finding: string, words: RegExp]>> = {
  'a-feature-is-missing': ['proxy02 features error smart-proxy', /lacks registration, which proxy01 and proxy03 have$/],
  'a-feature-too-many': ['proxy02 features warning smart-proxy', /has bmc, which most nodes lack$/],
  'a-feature-of-nonsense': ['proxy02 features warning smart-proxy', /has \\x1b\[31m\\u\{202e\}, which most/],
  'no-list-of-features': ['proxy02 features error smart-proxy', /answers 500$/],
  'settings-never-answer': ['proxy02 reachable error smart-proxy', /GET \/v2\/features: no answer in 2 s$/],
  'a-feature-failed': ['proxy02 features error smart-proxy', /^logs failed to start$/],
  'another-version': ['proxy02 version warning smart-proxy', /^Smart Proxy is 3\.11\.1, elsewhere 3\.12\.0$/],
  'another-module': ['proxy02 version warning smart-proxy', /^openscap is 3\.11\.1, elsewhere 3\.12\.0$/],
  'no-version': ['proxy02 version error smart-proxy', /^\/version answers 404$/],
  'its-own-registration-url': ['proxy02 registration error smart-proxy', /https:\/\/proxy02\.\S+: not the name/],
  'its-own-template-url': ['proxy02 templates error templates', /http:\/\/proxy02\.\S+: not the name/],
  'another-template-port': ['proxy02 templates error templates', /not the port 18000 that templates listens on$/],
  'no-templates': ['proxy02 templates error templates', /answers 404$/],
  'its-own-realm': ['proxy02 registry error https', /https:\/\/proxy02\.\S+: not the name/],
  'no-registry': ['proxy02 registry error https', /^\/v2\/ answers 404$/],
  'another-ca-file': ['proxy02 ca-file error https', /has other bytes than on proxy01 and proxy03$/],
  'no-ca-file': ['proxy02 ca-file error https', /answers 404$/],
  'an-empty-ca-file': ['proxy02 ca-file error https', /answers 200, but not a PEM certificate$/],
  'pulp-without-database': ['proxy02 pulp error https', /no connection to its database$/],
  'pulp-without-content': ['proxy02 pulp error https', /no content app of Pulp is online$/],
  'pulp-without-workers': ['proxy02 pulp warning https', /^no worker of Pulp is online$/],
  'pulp-is-dead': ['proxy02 pulp error https', /status\/ answers 503$/],
  'pulp-never-answers': ['proxy02 reachable error https', /GET \/pulp\/api\/v3\/status\/: no answer in 2 s$/],
  'another-pulp': ['proxy02 pulp-version warning https', /^pulp core is 3\.39\.4, elsewhere 3\.49\.0$/],
  'little-disk': ['proxy02 disk warning https', /^60 GB of 1000 GB are free/],
  'no-disk': ['proxy02 disk error https', /^6\.0 GB of 1000 GB are free/],
  'jruby-is-dead': ['proxy02 puppetserver error puppet', /says 503 error$/],
  'an-older-repository': [
    'proxy02 repository warning https',
    /is of revision 1740000000, on proxy01 and proxy03 1750000000$/,
  ],
  'another-repository': ['proxy02 repository warning https', /lists other metadata than on proxy01 and proxy03$/],
  'no-repository': ['proxy02 repository error https', /repomd\.xml answers 404$/],
  'a-repository-of-nonsense': ['proxy02 repository error https', /answers 200, but not a repomd\.xml$/],
};

t.test('a healthy group gives no findings', async (t) => {
  const group = await doctorGroup(t);
  const report = await group.visit({ certificate: await clientCertificate(t) }).report;
  t.strictSame(report.findings, []);
  t.strictSame(report.not_asked, []);
  t.equal(report.balancer, 'here');
  t.equal(report.asked.length, 3 * 13 + 1 + 12, 'of each node, of the CA twice, through the load balancer');
  t.ok(report.asked.every(({ failure }) => failure === null));
});

t.test('what can not be asked without a client certificate is said', async (t) => {
  const group = await doctorGroup(t);
  const { findings, not_asked: notAsked } = await group.visit().report;
  t.strictSame(findings, []);
  t.match(notAsked, [
    { question: /^smart-proxy \/v2\/features .* on proxy01, proxy02 and proxy03$/, why: /--cert FILE --key/ },
  ]);
});

t.test('wrong answers of proxy02', async (t) => {
  const group = await doctorGroup(t);
  const certificate = await clientCertificate(t);
  for (const fault of Object.keys(FAULTS) as Fault[]) {
    const [finding, words] = ANSWERS[fault];
    group.sicken({ proxy02: [fault] });
    const { findings } = await group.visit({ certificate, timeoutMs: 2000 }).report;
    t.strictSame(findings.map(shortly), [finding], fault);
    t.match(findings[0]?.what, words, fault);
    t.ok(
      (findings[0]?.why.length ?? 0) > 10 && (findings[0]?.mend.length ?? 0) > 10,
      `${fault}: why, and what mends it`,
    );
  }
  group.sicken({});
  t.strictSame((await group.visit({ certificate }).report).findings, [], 'and well again');
});
