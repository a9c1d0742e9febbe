// The doctor's report as people and machines get it: 80 columns whatever the names, colours only where they are wanted,
// JSON as its schema says.

import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { Ajv } from 'ajv';
import t from 'tap';
import { doctorTable } from '../../src/cli/doctor-table.ts';
import { paintFor } from '../../src/cli/paint.ts';
import { CHECKS } from '../../src/doctor/finding.ts';
import { hasErrors, type Report } from '../../src/doctor/report.ts';
import { doctorGroup } from '../fixtures/doctor-group.ts';

t.setTimeout(120_000);

const schema = JSON.parse(readFileSync(new URL('../../config/doctor-schema.json', import.meta.url), 'utf8')) as {
  definitions: { check: { enum: string[] } };
};

function withNodes(count: number, length: number): Report {
  const nodes = Array.from({ length: count }, (_, i) => `${i}`.padStart(length, 'n'));
  return {
    format: 1,
    at: '2026-01-01T00:00:00.000Z',
    file: 'f',
    name: 'smartproxy.example.net',
    ca_node: null,
    nodes,
    balancer: 'here',
    seconds: 1.25,
    asked: [...nodes, null].map((node) => ({
      service: 'https',
      question: `GET /pulp/content/${'long/'.repeat(30)}repodata/repomd.xml`,
      node,
      target: '192.0.2.1:443',
      status: 200,
      failure: node === nodes[0] ? 'no-local-port' : null,
      seconds: 0.1,
      findings: node === nodes[1] ? ['certificate-expiry', 'repository'] : [],
    })),
    findings: [
      {
        check: 'certificate-expiry',
        severity: 'warning',
        node: nodes[1] ?? null,
        services: ['https'],
        what: 'word '.repeat(40).trim(),
        why: 'x'.repeat(200),
        mend: 'y',
      },
    ],
    not_asked: [{ question: 'z '.repeat(60), why: 'w' }],
  };
}

t.test('fits into its columns, whatever the names', async (t) => {
  for (const [count, length] of [
    [1, 1],
    [3, 7],
    [9, 20],
    [4, 64],
  ] as const) {
    const report = withNodes(count, length);
    const text = doctorTable(report, 80, paintFor(false));
    // A title names its node whole, so that it can be copied.
    const long = text.split('\n').filter((line) => line.length > 80 && !/^(error|warning) /.test(line));
    t.strictSame(long, [], `${count} nodes of ${length} characters`);
    t.notMatch(text, '\u001b');
    t.match(text, /\n0 errors, 1 warning\n$/);
    if (length < 20) for (const node of report.nodes) t.match(text, new RegExp(`\\b${node}\\b`));
  }
});

t.test('colours where they are wanted, and the same text', async (t) => {
  const report = withNodes(2, 7);
  const painted = doctorTable(report, 80, paintFor(true));
  t.match(painted, '\u001b[');
  const bare = stripVTControlCharacters(painted);
  t.equal(bare.replaceAll(/ +$/gm, ''), doctorTable(report, 80, paintFor(false)));
});

t.test('the JSON is what the schema says', async (t) => {
  t.strictSame(schema.definitions.check.enum, [...CHECKS]);
  const valid = new Ajv({ strict: false }).compile(schema);
  const group = await doctorGroup(t, { wrong: { proxy02: ['pulp-is-dead'] }, away: { proxy03: ['http'] } });
  const report: unknown = JSON.parse(JSON.stringify(await group.visit().report));
  t.ok(valid(report), JSON.stringify(valid.errors));
  t.ok(hasErrors(report as Report));
  t.notOk(valid({ ...(report as object), more: 1 }));
});

t.test('warnings alone are no errors', async (t) => {
  t.notOk(hasErrors(withNodes(2, 3)));
});
