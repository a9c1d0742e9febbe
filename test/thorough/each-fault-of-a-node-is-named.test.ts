// One fault of a node at a time, in its ports, its certificates, its name: the doctor names that fault, that node, and
// nothing else. On real TLS.

import t from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import { systemClock } from '../../src/core/clock.ts';
import {
  clientCertificate,
  doctorGroup,
  fileOf,
  groupAuthority,
  type Illness,
  LB,
  lookupOf,
  NETWORK,
  PORTS,
  shortly,
} from '../fixtures/doctor-group.ts';

t.setTimeout(300_000);

const DAY_MS = 24 * 3_600_000;
const soon = (days: number): Date => new Date(Date.now() + days * DAY_MS);

const stranger = await makeAuthority('somebody else');
const expired = await (await groupAuthority()).subordinate('an old intermediate', soon(-1));
const sound = await (await groupAuthority()).subordinate('an intermediate');

/** Everything else that can be wrong with a node, as it is started. */
const NODES: readonly (readonly [title: string, illness: Illness, findings: readonly string[], words: RegExp])[] = [
  [
    'a node that is away',
    { away: { proxy02: Object.keys(PORTS) as (keyof typeof PORTS)[] } },
    ['proxy02 reachable error http, https, templates, smart-proxy, puppet, mqtt'],
    /^no connection on any of its ports .* refused$/,
  ],
  [
    'a port that nobody listens on',
    { away: { proxy02: ['templates'] } },
    ['proxy02 reachable error templates'],
    /:18000: connect to .*: refused$/,
  ],
  [
    'the CA is away',
    { away: { proxy01: ['puppet'] } },
    ['proxy01 reachable error puppet, puppet-ca'],
    /:18140: connect to .*: refused$/,
  ],
  [
    'a certificate without the name',
    { certificates: { proxy02: { names: ['proxy02.example.test'] } } },
    ['proxy02 certificate-name error https, smart-proxy, mqtt', 'proxy02 certificate-name error puppet'],
    /is for proxy02\.example\.test, not for smartproxy\.example\.test$/,
  ],
  [
    'a certificate with the name in its common name only',
    { certificates: { proxy02: { commonName: LB, names: ['x.example.test'] } }, certificatesOf: ['mqtt'] },
    ['proxy02 certificate-name error mqtt'],
    /is for x\.example\.test, not for/,
  ],
  [
    'a certificate without the name on one port',
    {
      certificates: { proxy03: { names: ['proxy03.example.test', 'a.example.test'] } },
      certificatesOf: ['smart-proxy'],
    },
    ['proxy03 certificate-name error smart-proxy'],
    /is for proxy03\.example\.test and 1 more, not for/,
  ],
  [
    'an expired certificate',
    { certificates: { proxy02: { notAfter: soon(-1) } }, certificatesOf: ['https'] },
    ['proxy02 certificate-expiry error https'],
    /^its certificate expired on \d{4}-\d\d-\d\d$/,
  ],
  [
    'a certificate that expires soon',
    { certificates: { proxy02: { notAfter: soon(5.5) } }, certificatesOf: ['https'] },
    ['proxy02 certificate-expiry warning https'],
    /in 5 days$/,
  ],
  [
    'a certificate of tomorrow',
    { certificates: { proxy02: { notBefore: soon(1), notAfter: soon(29) } }, certificatesOf: ['https'] },
    ['proxy02 certificate-expiry error https'],
    /is not valid before/,
  ],
  [
    'a certificate for clients',
    { certificates: { proxy02: { usage: 'client' } }, certificatesOf: ['https'] },
    ['proxy02 certificate-usage error https'],
    /extended key usage lacks serverAuth$/,
  ],
  [
    'a certificate whose key may only sign certificates',
    { certificates: { proxy02: { usage: 'signing' } }, certificatesOf: ['mqtt'] },
    ['proxy02 certificate-usage error mqtt'],
    /neither digitalSignature nor keyEncipherment$/,
  ],
  [
    'a certificate of another CA',
    { certificates: { proxy02: {} }, certificatesOf: ['https'], signer: stranger },
    ['proxy02 certificate-chain error https'],
    /signed by somebody else, which leads to no CA/,
  ],
  [
    "a certificate of another CA on Puppet's port",
    { certificates: { proxy02: {} }, certificatesOf: ['puppet'], signer: stranger },
    ['proxy02 certificate-chain error puppet'],
    /is not one of the Puppet CA: it is signed by somebody else/,
  ],
  [
    'a chain over an intermediate',
    { certificates: { proxy02: {} }, certificatesOf: ['https'], signer: sound },
    [],
    /^$/,
  ],
  [
    'a chain over an intermediate that expired',
    { certificates: { proxy02: {} }, certificatesOf: ['https'], signer: expired },
    ['proxy02 certificate-chain error https'],
    /the CA certificate an old intermediate in its chain expired/,
  ],
  [
    'two CAs',
    { cas: ['proxy01', 'proxy03'] },
    ['proxy03 puppet-ca error puppet'],
    /is a CA, although the CA is proxy01$/,
  ],
  [
    'no CA',
    { cas: [] },
    ['proxy01 puppet-ca error puppet'],
    /is ca_node, but answers 404 where a CA shows its certificate$/,
  ],
  [
    'another node is the only CA',
    { cas: ['proxy03'] },
    ['proxy01 puppet-ca error puppet'],
    /is ca_node, but answers 404 where a CA shows its certificate$/,
  ],
  [
    'two CAs, and neither is ca_node',
    { cas: ['proxy02', 'proxy03'] },
    ['proxy01 puppet-ca error puppet', 'group puppet-ca error puppet'],
    /is ca_node, but answers 404 where a CA shows its certificate$/,
  ],
];

t.test('the only CA is never told to stop being one', async (t) => {
  const group = await doctorGroup(t, { cas: ['proxy03'] });
  const { findings } = await group.visit({ certificate: await clientCertificate(t) }).report;
  t.equal(findings.length, 1);
  t.match(findings, [{ mend: /^set ca_node: proxy03 in the file.*; or move the CA to proxy01$/ }]);
  await group.close();
  const silent = await doctorGroup(t, { cas: ['proxy03'], away: { proxy01: ['puppet'] } });
  const found = (await silent.visit({ certificate: await clientCertificate(t) }).report).findings;
  const ca = found.filter(({ check }) => check === 'puppet-ca');
  t.match(ca, [{ node: 'proxy03', what: 'proxy03 is a CA, and ca_node proxy01 gave no answer' }]);
  t.notMatch(ca[0]?.mend, 'false');
});

for (const [title, illness, expected, words] of NODES) {
  t.test(title, async (t) => {
    const group = await doctorGroup(t, illness);
    const { findings } = await group.visit({ certificate: await clientCertificate(t) }).report;
    t.strictSame(findings.map(shortly), expected);
    t.match(findings[0]?.what ?? '', words);
  });
}

/** What the name leads to. */
const NAMES: readonly (readonly [
  title: string,
  names: Record<string, string[]>,
  findings: readonly string[],
  words: RegExp,
])[] = [
  ['a name without an address', {}, ['group dns error'], /has no address here \(ENOTFOUND\)$/],
  [
    'a name that leads to another machine',
    { [LB]: ['192.0.2.1'] },
    ['group dns warning'],
    /192\.0\.2\.1, which is no address of this machine$/,
  ],
  [
    'a name that leads to a node',
    { [LB]: [`${NETWORK}.12`] },
    ['proxy02 dns error'],
    /leads to this node, not to the load balancer$/,
  ],
];

for (const [title, names, expected, words] of NAMES) {
  t.test(title, async (t) => {
    const group = await doctorGroup(t);
    const { findings } = await group.visit({ lookup: lookupOf(names), certificate: await clientCertificate(t) }).report;
    t.strictSame(findings.map(shortly), expected);
    t.match(findings[0]?.what, words);
  });
}

t.test('a node whose name has no address', async (t) => {
  const text = fileOf().replace(`proxy02: ${NETWORK}.12`, 'proxy02: proxy02.example.test');
  const group = await doctorGroup(t, {}, text);
  const { findings } = await group.visit({ certificate: await clientCertificate(t) }).report;
  t.strictSame(findings.map(shortly), ['proxy02 address error']);
});

t.test('a node whose name could not be looked up', async (t) => {
  const text = fileOf().replace(`proxy02: ${NETWORK}.12`, 'proxy02: proxy02.example.test');
  const group = await doctorGroup(t, {}, text);
  const lookup = lookupOf();
  const ask: typeof lookup.ask = async (host) => {
    if (host === 'proxy02.example.test') throw Object.assign(new Error('late'), { code: 'ETIMEOUT' });
    return lookup.ask(host);
  };
  const { findings } = await group.visit({ lookup: { ...lookup, ask }, certificate: await clientCertificate(t) })
    .report;
  t.strictSame(findings.map(shortly), ['proxy02 address warning']);
  t.match(findings[0], { what: 'its name proxy02.example.test could not be looked up (ETIMEOUT)', why: /keeps/ });
});

t.test('the CA that clients trust expires before what it signed', async (t) => {
  const long = { notAfter: soon(90) };
  const group = await doctorGroup(t, { certificates: { proxy01: long, proxy02: long, proxy03: long } });
  const certificate = await clientCertificate(t);
  const after = async (days: number) => {
    const clock = { ...systemClock, wall: () => soon(days).getTime() };
    return (await group.visit({ clock, certificate }).report).findings;
  };
  t.strictSame(await after(8), []);
  const coming = await after(10);
  t.strictSame(coming.map(shortly), [
    'group certificate-expiry warning http, https',
    'group certificate-expiry warning puppet, puppet-ca',
  ]);
  t.match(
    coming[0]?.what,
    /^the CA certificate example CA of \/pub\/katello-server-ca\.crt expires on .*, in 19 days$/,
  );
  const over = await after(31);
  t.strictSame(over.map(shortly), [
    'group certificate-expiry error http, https',
    'group certificate-expiry error puppet, puppet-ca',
  ]);
  t.match(over[1]?.what, /^the certificate example CA of the Puppet CA expired on \d{4}-\d\d-\d\d$/);
});
