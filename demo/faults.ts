// The ways in which a stand-in Smart Proxy can be made wrong, as a table: one wrong answer each, of those that a node gives
// when something is wrong with it. What is wrong with certificates and ports is its starter's to do.

import { type Answer, type Answers, REPOSITORY, repomd } from './answers.ts';

interface Wrong {
  readonly service: string;
  readonly path: string;
  /** The answer instead of the healthy one; undefined: a 404. */
  instead(healthy: Answer | undefined): Answer | 'silence' | undefined;
}

const PULP = { service: 'https', path: '/pulp/api/v3/status/' };
const FEATURES = { service: 'smart-proxy', path: '/features' };
const VERSION = { service: 'smart-proxy', path: '/version' };
const SETTINGS = { service: 'smart-proxy', path: '/v2/features' };
const TEMPLATES = { service: 'templates', path: '/unattended/templateServer' };
const REGISTRY = { service: 'https', path: '/v2/' };
const CA_FILE = { service: 'https', path: '/pub/katello-server-ca.crt' };
const PUPPET = { service: 'puppet', path: '/status/v1/simple' };
const REPOMD = { service: 'https', path: `${REPOSITORY}repodata/repomd.xml` };

export const FAULTS = {
  'a-feature-is-missing': { ...FEATURES, instead: body((text) => text.replace('"registration",', '')) },
  'a-feature-too-many': { ...FEATURES, instead: body((text) => text.replace('["logs"', '["bmc","logs"')) },
  'a-feature-of-nonsense': { ...FEATURES, instead: body((text) => text.replace('[', '["\\u001b[31m\\u202e",')) },
  'no-list-of-features': { ...FEATURES, instead: status(500) },
  'settings-never-answer': { ...SETTINGS, instead: () => 'silence' },
  'a-feature-failed': { ...SETTINGS, instead: body((text) => text.replace('running', 'failed')) },
  'another-version': { ...VERSION, instead: body((text) => text.replace('3.12.0', '3.11.1')) },
  'another-module': { ...VERSION, instead: body((text) => text.replace('"openscap":"3.12.0"', '"openscap":"3.11.1"')) },
  'no-version': { ...VERSION, instead: status(404) },
  'its-own-registration-url': { ...SETTINGS, instead: body((text) => text.replace('https://', 'https://proxy02.')) },
  'its-own-template-url': { ...TEMPLATES, instead: body((text) => text.replace('http://', 'http://proxy02.')) },
  'another-template-port': { ...TEMPLATES, instead: body((text) => text.replace(/:\d+"/, ':1"')) },
  'no-templates': { ...TEMPLATES, instead: status(404) },
  'its-own-realm': {
    ...REGISTRY,
    instead: header((text) => text.replace('realm="https://', 'realm="https://proxy02.')),
  },
  'no-registry': { ...REGISTRY, instead: status(404) },
  'another-ca-file': { ...CA_FILE, instead: body((text) => `# another\n${text}`) },
  'no-ca-file': { ...CA_FILE, instead: status(404) },
  'an-empty-ca-file': { ...CA_FILE, instead: body(() => '') },
  'pulp-without-database': { ...PULP, instead: body((text) => text.replace('"connected":true', '"connected":false')) },
  'pulp-without-content': {
    ...PULP,
    instead: body((text) => text.replace(/("online_content_apps":)\[[^\]]*\]/, '$1[]')),
  },
  'pulp-without-workers': { ...PULP, instead: body((text) => text.replace(/("online_workers":)\[[^\]]*\]/, '$1[]')) },
  'pulp-is-dead': { ...PULP, instead: status(503) },
  'pulp-never-answers': { ...PULP, instead: () => 'silence' },
  'another-pulp': { ...PULP, instead: body((text) => text.replace('3.49.0', '3.39.4')) },
  'little-disk': { ...PULP, instead: body((text) => text.replace('"free":600000000000', '"free":60000000000')) },
  'no-disk': { ...PULP, instead: body((text) => text.replace('"free":600000000000', '"free":6000000000')) },
  'jruby-is-dead': { ...PUPPET, instead: status(503, 'error') },
  'an-older-repository': { ...REPOMD, instead: body(() => repomd(1_740_000_000, 'c')) },
  'another-repository': { ...REPOMD, instead: body(() => repomd(1_750_000_000, 'd')) },
  'no-repository': { ...REPOMD, instead: status(404) },
  'a-repository-of-nonsense': { ...REPOMD, instead: body(() => '<html>\u001b[31m not found</html>') },
} satisfies Readonly<Record<string, Wrong>>;

export type Fault = keyof typeof FAULTS;

export function isFault(text: string): text is Fault {
  return Object.hasOwn(FAULTS, text);
}

/** The answers of a healthy node, made wrong in these ways. */
export function withFaults(answers: Answers, faults: readonly Fault[]): Answers {
  const wrong: Record<string, Record<string, Answer | 'silence'>> = structuredClone(answers);
  for (const fault of faults) {
    const { service, path, instead } = FAULTS[fault];
    const healthy = wrong[service]?.[path];
    const answer = instead(healthy === 'silence' ? undefined : healthy);
    if (answer !== undefined) wrong[service] = { ...wrong[service], [path]: answer };
    else delete wrong[service]?.[path];
  }
  return wrong;
}

function body(change: (text: string) => string): Wrong['instead'] {
  return (healthy) => healthy && { ...healthy, body: change(healthy.body) };
}

function header(change: (text: string) => string): Wrong['instead'] {
  return (healthy) => {
    if (healthy === undefined) return undefined;
    const headers = Object.entries(healthy.headers ?? {}).map(([name, value]) => [name, change(value)]);
    return { ...healthy, headers: Object.fromEntries(headers) };
  };
}

function status(status: number, text = 'no\n'): Wrong['instead'] {
  return () => ({ status, type: 'text/plain', body: text });
}
