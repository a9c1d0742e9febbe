// What a healthy Smart Proxy answers without a client certificate, as one table: service, path, answer. Only what health
// probes and the doctor ask; no other feature of a Smart Proxy. Opens no sockets.

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the stand-in knows of itself. */
export interface StandInFacts {
  /** The name that clients dial. */
  readonly lbName: string;
  /** The port it serves each service on; the demo's balancer listens on the same ones, puppet-ca aside. */
  readonly ports: Readonly<Record<string, number>>;
  /** The certificate of the authority that signed its own, PEM. */
  readonly authority: string;
  /** Whether it is the one node that signs Puppet's certificates. */
  readonly signs: boolean;
}

/** How a service's port talks. */
export type Transport = 'http' | 'https' | 'lines';

export const TRANSPORTS: Readonly<Record<string, Transport>> = {
  http: 'http',
  anaconda: 'http',
  https: 'https',
  rhsm: 'https',
  amqp: 'lines',
  puppet: 'https',
  'smart-proxy': 'https',
  docker: 'https',
};

const FEATURES = ['logs', 'openscap', 'puppet', 'pulpcore', 'registration', 'templates'];
const VERSION = '3.12.0';

/** The answers by service and path. What is not in it is a 404. */
export function answersOf(facts: StandInFacts): Readonly<Record<string, Readonly<Record<string, Answer>>>> {
  const port = (service: string): number => facts.ports[service] ?? 0;
  const katelloCa = { '/pub/katello-server-ca.crt': text(facts.authority, 'application/x-x509-ca-cert') };
  const registry = (port: number): Readonly<Record<string, Answer>> => ({
    '/v2/': {
      ...json({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }, 401),
      headers: {
        'Docker-Distribution-API-Version': 'registry/2.0',
        'Www-Authenticate': `Bearer realm="https://${facts.lbName}:${port}/v2/token",service="${facts.lbName}:${port}"`,
      },
    },
  });
  return {
    http: katelloCa,
    anaconda: {
      '/features': json(FEATURES),
      '/unattended/templateServer': json({
        templateServer: `http://${facts.lbName}:${port('anaconda')}`,
      }),
    },
    https: {
      ...katelloCa,
      ...registry(port('https')),
      '/pulp/api/v3/status/': json(pulpStatus(`${facts.lbName}:${port('https')}`)),
    },
    rhsm: {},
    puppet: {
      '/status/v1/simple': text('running'),
      ...(facts.signs ? { '/puppet-ca/v1/certificate/ca': text(facts.authority) } : {}),
    },
    'smart-proxy': {
      '/features': json(FEATURES),
      '/version': json({ version: VERSION, modules: Object.fromEntries(FEATURES.map((name) => [name, VERSION])) }),
    },
    docker: registry(port('docker')),
  };
}

function pulpStatus(origin: string): object {
  return {
    versions: [{ component: 'core', version: '3.49.0' }],
    online_workers: [{ name: '1@stand-in' }],
    online_api_apps: [{ name: '2@stand-in' }],
    online_content_apps: [{ name: '3@stand-in' }],
    database_connection: { connected: true },
    redis_connection: { connected: true },
    storage: { total: 1_000_000_000_000, used: 400_000_000_000, free: 600_000_000_000 },
    content_settings: { content_origin: `https://${origin}` },
  };
}

function json(body: unknown, status = 200): Answer {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

function text(body: string, type = 'text/plain'): Answer {
  return { status: 200, type, body };
}
