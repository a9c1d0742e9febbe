// What we hand out for Prometheus and Grafana: it asks only for metrics that exist, and alerts fire for what they are for.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { DialError } from '../../src/errors.ts';
import { testMetrics } from '../fixtures/metrics.ts';
import { parseMetrics } from '../fixtures/prometheus-text.ts';
import { noPromtool, promtool } from '../fixtures/promtool.ts';
import { serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { sessionRecord } from '../fixtures/session-record.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const read = (file: string): string => readFileSync(join(DEPLOY, file), 'utf8');

/** Every metric there is, with the labels it can have; Node's own included. */
async function allMetrics(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { metrics } = testMetrics(() => [serviceSnapshot({ pinned: { node: 'proxy01', up: true } })], {
    processMetrics: true,
  });
  metrics.sessionEnded(sessionRecord());
  metrics.dialFailed('https', 'proxy01', new DialError('refused', ''));
  metrics.probed('https', 'proxy01', 1, 'refused');
  metrics.certificateSeen('proxy01', 443, 1);
  metrics.doctorFound([{ node: 'proxy01', check: 'features', severity: 'error' }]);
  const labels = new Map<string, Set<string>>();
  for (const series of parseMetrics(await metrics.text()).values.keys()) {
    const [name = ''] = series.split('{');
    const known = labels.get(name) ?? new Set(['job', 'instance']);
    for (const [, label = ''] of series.matchAll(/(\w+)="/g)) known.add(label);
    labels.set(name, known);
  }
  return labels;
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(read('grafana/chargehand.json')) as {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
};
const alerts = parse(read('prometheus/alerts.yml')) as {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
};

const rules = alerts.groups.flatMap((group) => group.rules);
const asked = [
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
  ...dashboard.panels.flatMap(({ title, targets }) => (targets ?? []).map(({ expr }) => ({ where: title, expr }))),
  ...dashboard.annotations.list.map(({ expr }) => ({ where: 'annotations', expr })),
  ...dashboard.templating.list.flatMap(({ definition }) =>
    definition === undefined ? [] : [{ where: 'variables', expr: definition }],
  ),
];

t.test('every metric that is asked for exists, with the labels it is asked by', async (t) => {
  const metrics = await allMetrics();
  t.ok(asked.length > 40, `${asked.length} questions`);
  for (const { where, expr } of asked) {
    const selectors = [...expr.matchAll(/\b((?:chargehand|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)];
    t.ok(selectors.length > 0 || expr.startsWith('up{'), `${where} asks for something of ours`);
    for (const [, name = '', matchers = ''] of selectors) {
      const labels = metrics.get(name);
      t.ok(labels, `${where}: ${name}`);
      for (const [, label = ''] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
        t.ok(labels?.has(label), `${name}: ${label}`);
    }
  }
});

t.test('the dashboard shows every metric of ours', async (t) => {
  const text = asked.map(({ expr }) => expr).join('\n');
  for (const name of (await allMetrics()).keys()) {
    if (name.startsWith('chargehand_')) t.match(text, name.replace(/_(bucket|sum|count)$/, ''), name);
  }
  t.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length, 'each panel has its own number');
});

t.test('promtool takes the alerts, and each fires for what it is for', { skip: noPromtool }, async (t) => {
  const checked = await promtool(['check', 'rules', join(DEPLOY, 'prometheus/alerts.yml')]);
  t.equal(checked.code, 0, checked.said);
  const tested = await promtool(['test', 'rules', join(DEPLOY, 'prometheus/alerts-test.yml')]);
  t.equal(tested.code, 0, tested.said);
  const tests = read('prometheus/alerts-test.yml');
  for (const { alert } of rules) t.match(tests, new RegExp(`alertname: ${alert}\\n +exp_alerts`), `${alert} is tested`);
});

t.test('promtool finds nothing wrong with any question of the dashboard', { skip: noPromtool }, async (t) => {
  const record = asked
    .filter(({ expr }) => !expr.startsWith('label_values'))
    .map(({ expr }, i) => ({
      record: `question:${i}`,
      expr: expr.replaceAll(/\$__(rate_)?interval/g, '5m').replaceAll(/\$\w+/g, '.*'),
    }));
  const file = t.testdir({ 'rules.yml': JSON.stringify({ groups: [{ name: 'dashboard', rules: record }] }) });
  const { code, said } = await promtool(['check', 'rules', join(file, 'rules.yml')]);
  t.equal(code, 0, said);
});
