// What a healthy Smart Proxy answers without a client certificate, as one table: service, path, answer. Only what health
// probes and the doctor ask; no other feature of a Smart Proxy. Opens no sockets.

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** Only for clients with a certificate; 403 for others. */
  readonly certified?: true;
}

/** By service and path; `silence`: the question is taken and never answered. What is not in it is a 404. */
export type Answers = Readonly<Record<string, Readonly<Record<string, Answer | 'silence'>>>>;

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
export type Transport = 'http' | 'https' | 'lines' | 'certified';

export const TRANSPORTS: Readonly<Record<string, Transport>> = {
  http: 'http',
  anaconda: 'http',
  templates: 'http',
  https: 'https',
  rhsm: 'https',
  amqp: 'lines',
  puppet: 'https',
  'smart-proxy': 'https',
  docker: 'https',
  mqtt: 'certified',
};

const FEATURES = ['logs', 'openscap', 'puppet', 'pulpcore', 'registration', 'templates'];
const VERSION = '3.12.0';
/** Everyone may read the one; the other wants a client certificate. */
export const REPOSITORY = '/pulp/content/Example/Library/custom/base/';
export const PROTECTED_REPOSITORY = '/pulp/content/Example/Library/custom/protected/';

export function answersOf(facts: StandInFacts): Answers {
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
  const templates = (port: number): Readonly<Record<string, Answer>> => ({
    '/features': json(FEATURES),
    '/unattended/templateServer': json({ templateServer: `http://${facts.lbName}:${port}` }),
  });
  return {
    http: katelloCa,
    anaconda: templates(port('anaconda')),
    templates: templates(port('templates')),
    https: {
      ...katelloCa,
      ...registry(port('https')),
      '/pulp/api/v3/status/': json(pulpStatus(`${facts.lbName}:${port('https')}`)),
      [`${REPOSITORY}repodata/repomd.xml`]: text(repomd(1_750_000_000, 'a'), 'text/xml'),
      [`${PROTECTED_REPOSITORY}repodata/repomd.xml`]: {
        ...text(repomd(1_750_000_000, 'b'), 'text/xml'),
        certified: true,
      },
    },
    rhsm: {},
    puppet: {
      '/status/v1/simple': text('running'),
      ...(facts.signs ? { '/puppet-ca/v1/certificate/ca': text(facts.authority) } : {}),
    },
    'smart-proxy': {
      '/features': json(FEATURES),
      '/version': json({ version: VERSION, modules: Object.fromEntries(FEATURES.map((name) => [name, VERSION])) }),
      '/v2/features': {
        ...json({
          logs: { state: 'running', settings: {} },
          registration: {
            state: 'running',
            settings: { registration_url: `https://${facts.lbName}:${port('smart-proxy')}` },
          },
        }),
        certified: true,
      },
    },
    docker: registry(port('docker')),
  };
}

/** As createrepo writes it, and no more of it than tells generations apart. `digit`: what the checksum is made of. */
export function repomd(revision: number, digit: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo">
  <revision>${revision}</revision>
  <data type="primary">
    <checksum type="sha256">${digit.repeat(64)}</checksum>
    <location href="repodata/${digit.repeat(64)}-primary.xml.gz"/>
    <timestamp>${revision}</timestamp>
  </data>
</repomd>
`;
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
