// What the doctor asks, as tables: what each kind of service is asked, and which kind a service is. Asks nothing itself.

import type { Config, HealthConfig, ServiceConfig } from '../config/config.ts';
import type { ProbeName } from '../config/named-probes.ts';
import type { Inquiry } from '../health/probes/inspect.ts';

export type QuestionId =
  | 'connect'
  | 'certificate'
  | 'ca-file'
  | 'pulp'
  | 'registry'
  | 'features'
  | 'settings'
  | 'version'
  | 'template-server'
  | 'puppetserver'
  | 'puppet-ca'
  | 'repository'
  | 'health';

export interface Question {
  readonly id: QuestionId;
  readonly service: ServiceConfig;
  readonly transport: Inquiry['transport'];
  readonly method: string;
  /** Empty: no request. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the service's health check wants of this answer; undefined: its check asks something else. */
  readonly expect: HealthConfig['expect'] | undefined;
  /** Asked with the client certificate, where there is one. */
  readonly certified: boolean;
  /** `direct`: its answer differs from node to node, so it isn't asked through the load balancer. */
  readonly ways: 'both' | 'direct';
  /** The port on the node, where it isn't the backend's. */
  readonly port: number | undefined;
}

/** What a service is for. */
export type Role =
  | 'apache'
  | 'content'
  | 'content-2018'
  | 'templates'
  | 'smart-proxy'
  | 'puppet'
  | 'puppet-ca'
  | 'registry'
  | 'tls'
  | 'own';

type Row = Pick<Question, 'id' | 'transport' | 'path'> &
  Partial<Pick<Question, 'certified' | 'ways'>> & { readonly probe?: ProbeName };

const CA_FILE = '/pub/katello-server-ca.crt';

const ROWS: Readonly<Record<Exclude<Role, 'own'>, readonly Row[]>> = {
  apache: [{ id: 'ca-file', transport: 'http', path: CA_FILE, probe: 'apache' }],
  content: [
    { id: 'ca-file', transport: 'https', path: CA_FILE },
    { id: 'pulp', transport: 'https', path: '/pulp/api/v3/status/', probe: 'pulp' },
    { id: 'registry', transport: 'https', path: '/v2/' },
  ],
  'content-2018': [{ id: 'ca-file', transport: 'https', path: CA_FILE }],
  templates: [
    { id: 'features', transport: 'http', path: '/features', probe: 'templates' },
    { id: 'template-server', transport: 'http', path: '/unattended/templateServer' },
  ],
  'smart-proxy': [
    { id: 'features', transport: 'https', path: '/features', probe: 'smart-proxy' },
    { id: 'version', transport: 'https', path: '/version' },
    { id: 'settings', transport: 'https', path: '/v2/features', certified: true, ways: 'direct' },
  ],
  puppet: [
    { id: 'puppetserver', transport: 'https', path: '/status/v1/simple', probe: 'puppetserver' },
    { id: 'puppet-ca', transport: 'https', path: '/puppet-ca/v1/certificate/ca', ways: 'direct' },
  ],
  'puppet-ca': [{ id: 'puppet-ca', transport: 'https', path: '/puppet-ca/v1/certificate/ca', probe: 'puppet-ca' }],
  registry: [{ id: 'registry', transport: 'https', path: '/v2/', probe: 'registry' }],
  tls: [{ id: 'certificate', transport: 'tls', path: '' }],
};

const BY_PROBE: Readonly<Record<ProbeName, Role>> = {
  apache: 'apache',
  pulp: 'content',
  templates: 'templates',
  'smart-proxy': 'smart-proxy',
  puppetserver: 'puppet',
  'puppet-ca': 'puppet-ca',
  registry: 'registry',
  mqtt: 'tls',
};

/** The services of the profiles, whatever their health checks were changed to. */
const BY_NAME: Readonly<Record<string, Role>> = {
  http: 'apache',
  https: 'content',
  templates: 'templates',
  'smart-proxy': 'smart-proxy',
  puppet: 'puppet',
  'puppet-ca': 'puppet-ca',
  mqtt: 'tls',
};

/** Katello 3.6: Pulp 2 has no status page without a certificate, and the registry has a port of its own. */
const BY_NAME_2018: Readonly<Record<string, Role>> = {
  ...BY_NAME,
  https: 'content-2018',
  anaconda: 'templates',
  rhsm: 'tls',
  docker: 'registry',
};

export function roleOf(service: ServiceConfig, profile: string | undefined): Role {
  const { health, name, backends } = service;
  // What is asked on another port says nothing of what answers on the service's own.
  const isOwn = health !== false && (health.port === undefined || backends.every(({ port }) => port === health.port));
  const probe = isOwn ? health.name : undefined;
  if (probe !== undefined && Object.hasOwn(BY_PROBE, probe)) return BY_PROBE[probe as ProbeName];
  if (profile === undefined) return 'own';
  return (profile === 'foreman-2018' ? BY_NAME_2018 : BY_NAME)[name] ?? 'own';
}

/** Every question of every service, in the order of the file. `repositories`: paths whose metadata is asked for. */
export function questionsOf(config: Config, repositories: readonly string[]): readonly Question[] {
  return config.services.flatMap((service) => {
    const role = roleOf(service, config.profile);
    if (role === 'own') return [ownQuestion(service)];
    const isContent = role === 'content' || role === 'content-2018';
    const rows = [...ROWS[role], ...(isContent ? repositories.map(repositoryRow) : [])];
    return rows.map((row) => toQuestion(service, row));
  });
}

function repositoryRow(path: string): Row {
  const folder = path.endsWith('/') ? path : `${path}/`;
  const whole = folder.endsWith('/repodata/') ? folder : `${folder}repodata/`;
  return {
    id: 'repository',
    transport: 'https',
    path: `${whole}repomd.xml`,
    certified: true,
  };
}

function toQuestion(service: ServiceConfig, { probe, certified = false, ways = 'both', ...row }: Row): Question {
  const { health } = service;
  const asks = health !== false && probe !== undefined && health.name === probe && health.path === row.path;
  return {
    ...row,
    service,
    method: 'GET',
    headers: asks ? health.headers : {},
    expect: asks ? health.expect : undefined,
    certified,
    ways,
    port: undefined,
  };
}

/** A service that is no Smart Proxy's is asked what its health check asks. */
function ownQuestion(service: ServiceConfig): Question {
  const { health } = service;
  const plain = { service, method: 'GET', path: '', headers: {}, expect: undefined, certified: false, port: undefined };
  if (health === false) return { ...plain, id: 'connect', transport: 'tcp', ways: 'both' };
  const { type: transport, port } = health;
  // What listens on another port than the service's isn't there behind the load balancer.
  const ways = port === undefined ? 'both' : 'direct';
  if (transport === 'tcp') return { ...plain, id: 'connect', transport, ways, port };
  if (transport === 'tls') return { ...plain, id: 'certificate', transport, ways, port };
  const { method, path, headers, expect } = health;
  return { ...plain, id: 'health', transport, method, path, headers, expect, ways, port };
}
