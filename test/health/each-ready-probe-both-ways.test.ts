// Each ready probe as a file names it, on a real socket, against an answer of a node that is well and of one that is not,
// the way such a node really answers.

import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import { NAMED_PROBES, PROBE_NAMES, type ProbeName } from '../../src/config/named-probes.ts';
import { askOnce } from '../fixtures/ask-once.ts';
import { NODES, serviceOf } from '../fixtures/config-text.ts';
import { closedPort, startServer } from '../fixtures/tcp.ts';
import { startTlsServer } from '../fixtures/tls-server.ts';

const NAME = 'smartproxy.example.net';
const identity = await (await makeAuthority('Katello CA')).issue({ commonName: 'proxy01', names: [NAME] });

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What it asks for; an answer of a node that is well; and of ones that are not, each with what is then said. */
interface Story {
  readonly path: string;
  readonly well: Answer;
  readonly ill: readonly (readonly [answer: Answer, reason: RegExp])[];
}

const pulp = (connected: boolean, apps: readonly object[]): Answer => ({
  status: 200,
  body: JSON.stringify({ database_connection: { connected }, online_content_apps: apps }),
});
const REALM = {
  'Docker-Distribution-Api-Version': 'registry/2.0',
  'WWW-Authenticate': `Bearer realm="https://${NAME}/"`,
};

const STORIES: Readonly<Record<Exclude<ProbeName, 'mqtt'>, Story>> = {
  pulp: {
    path: '/pulp/api/v3/status/',
    well: pulp(true, [{ name: '1@proxy01' }]),
    ill: [
      [pulp(false, [{ name: '1@proxy01' }]), /database_connection\.connected is false/],
      [pulp(true, []), /online_content_apps is empty/],
      [{ status: 502, body: '<html>Bad Gateway</html>' }, /502, not 200/],
    ],
  },
  'smart-proxy': {
    path: '/features',
    well: { status: 200, body: '["puppet","registration","templates"]' },
    ill: [
      [{ status: 200, body: '["puppet","templates"]' }, /lacks "registration"/],
      [{ status: 404 }, /404, not 200/],
    ],
  },
  puppetserver: {
    path: '/status/v1/simple',
    well: { status: 200, body: 'running' },
    ill: [
      [{ status: 503, body: 'error' }, /503, not 200/],
      [{ status: 200, body: 'unknown' }, /running/],
    ],
  },
  'puppet-ca': {
    path: '/puppet-ca/v1/certificate/ca',
    well: { status: 200, body: '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n' },
    ill: [
      [{ status: 404, body: 'Not Found' }, /404, not 200/],
      [{ status: 403, body: 'Forbidden' }, /403, not 200/],
    ],
  },
  registry: {
    path: '/v2/',
    well: { status: 401, headers: REALM },
    ill: [
      [{ status: 200, body: '{}' }, /200, not 401/],
      [
        { status: 401, headers: { ...REALM, 'WWW-Authenticate': 'Bearer realm="https://proxy01.example.net/"' } },
        /www-authenticate/i,
      ],
      [{ status: 401, headers: { 'WWW-Authenticate': REALM['WWW-Authenticate'] } }, /docker-distribution-api-version/i],
    ],
  },
  templates: {
    path: '/features',
    well: { status: 200, body: '["templates"]' },
    ill: [
      [{ status: 200, body: '[]' }, /lacks "templates"/],
      [{ status: 503 }, /503, not 200/],
    ],
  },
  apache: {
    path: '/pub/katello-server-ca.crt',
    well: { status: 200, body: 'anything' },
    ill: [[{ status: 404 }, /404, not 200/]],
  },
};

function healthOf(name: ProbeName) {
  const { health } = serviceOf(`${NODES}name: ${NAME}\nservices:\n  s: { listen: 1000, health: ${name} }\n`, 's');
  if (health === false) throw new Error('no health check');
  return health;
}

/** A node that answers like this; what it was asked for is kept. */
async function node(t: Test, secured: boolean, asked: string[], answer: () => Answer): Promise<number> {
  const serve = (socket: Socket): void => {
    socket.once('data', (request: Buffer) => {
      asked.push(request.toString('latin1').split(' ')[1] ?? '');
      const { status, body = '', headers = {} } = answer();
      const lines = Object.entries({ ...headers, 'Content-Length': body.length, Connection: 'close' });
      const head = lines.map(([key, value]) => `${key}: ${value}\r\n`).join('');
      socket.end(`HTTP/1.1 ${status} Whatever\r\n${head}\r\n${body}`);
    });
  };
  return secured ? (await startTlsServer(t, identity, serve)).port : (await startServer(t, serve)).port;
}

for (const [name, { path, well, ill }] of Object.entries(STORIES)) {
  t.test(name, async (t) => {
    const health = healthOf(name as ProbeName);
    const asked: string[] = [];
    let answer = well;
    const port = await node(t, health.type === 'https', asked, () => answer);
    t.match(await askOnce({ port }, health), { ok: true }, 'well');
    for (const [wrong, reason] of ill) {
      answer = wrong;
      t.match(await askOnce({ port }, health), { ok: false, kind: 'hard', reason }, `ill: ${reason}`);
    }
    t.same([...new Set(asked)], [path]);
  });
}

t.test('mqtt', async (t) => {
  const health = healthOf('mqtt');
  // mosquitto shakes hands, demands a certificate of the client's, and hangs up on who has none.
  const broker = await startTlsServer(t, identity, (socket) => socket.end(), {
    requestCert: true,
    rejectUnauthorized: true,
  });
  t.match(await askOnce({ port: broker.port }, health), { ok: true }, 'well, without a certificate of ours');
  const plain = await startServer(t, (socket) => socket.end('no TLS here'));
  t.match(await askOnce({ port: plain.port }, health), { ok: false, kind: 'hard' }, 'no TLS');
  t.match(await askOnce({ port: await closedPort() }, health), { ok: false, kind: 'hard', reason: /refused/ });
});

t.test('none is forgotten', async (t) => {
  t.same([...Object.keys(STORIES), 'mqtt'].sort(), [...PROBE_NAMES].sort());
  t.same(Object.keys(NAMED_PROBES).sort(), [...PROBE_NAMES].sort());
});
