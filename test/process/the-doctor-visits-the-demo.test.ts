// The built program's doctor on a group of stand-ins, as a command and in the running service: nothing to say of a healthy
// group; a node that turns wrong is named by the command, the log and the metric.

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import t from 'tap';
import type { Report } from '../../src/doctor/report.ts';
import { moveDemo, runDemo } from '../fixtures/moved-demo.ts';

t.setTimeout(400_000);

// A name that every machine knows, and that leads to it.
const own = (text: string): string =>
  `${text.replace('smartproxy.example.test', 'localhost')}doctor: { interval: 1m, repositories: [] }\n`;
const demo = await moveDemo(t, own);
const { built, file } = demo;

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function chargehand(...args: string[]): Promise<Said> {
  const env = { ...process.env, NODE_OPTIONS: '' };
  return new Promise((resolve) => {
    execFile(process.execPath, [built.main, '-c', file, ...args], { env, encoding: 'utf8' }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

t.test('the doctor on a whole group', async (t) => {
  const { standIns, processes, balancer } = await runDemo(t, demo);

  await t.test('a healthy group', async (t) => {
    const { code, out, err } = await chargehand('doctor');
    t.match(out, /\nnothing is wrong\n$/);
    t.equal(code, 0);
    t.equal(err, '');
    t.strictSame(
      out.split('\n').filter((line) => line.length > 80),
      [],
    );
    t.notMatch(out, '\u001b', 'no colours where it is no terminal');
    t.match(out, /^https\n {2}GET \/pub\/katello-server-ca\.crt +ok +ok +ok +ok$/m);
  });

  await t.test('as JSON', async (t) => {
    const { code, out } = await chargehand('doctor', '--json');
    t.equal(code, 0);
    const schema: object = JSON.parse(
      readFileSync(new URL('../../config/doctor-schema.json', import.meta.url), 'utf8'),
    );
    const valid = new Ajv({ strict: false }).compile(schema);
    const report = JSON.parse(out) as Report;
    t.ok(valid(report), JSON.stringify(valid.errors));
    t.strictSame(report.findings, []);
    t.equal(report.balancer, 'here');
  });

  await t.test('a node that turns wrong', async (t) => {
    await processes.get('proxy02')?.close();
    await standIns.start('proxy02', ['a-feature-is-missing', 'another-module']);
    const { code, out } = await chargehand('doctor');
    t.equal(code, 1);
    t.match(out, /^error {2}proxy02 {2}features {2}\(smart-proxy\)\n {2}\/features lacks registration, which /m);
    t.match(out, /^warning {2}proxy02 {2}version {2}\(smart-proxy\)$/m);
    t.match(out, /\n1 error, 1 warning\n$/);
    const series = 'chargehand_doctor_findings{node="proxy02",check="features",severity="error"}';
    await balancer.metricsWhen('the running service has found it', (samples) => samples.get(series) === 1);
    t.ok(
      balancer.lines.some(
        (line) =>
          line['check'] === 'features' && line['node'] === 'proxy02' && line['level'] === 'error' && line['mend'],
      ),
      'and its log says it, with what mends it',
    );
  });

  await t.test('a node that is away', async (t) => {
    for (const standIn of [...processes].filter(([name]) => name === 'proxy03')) await standIn[1].close();
    const { code, out } = await chargehand('doctor');
    t.equal(code, 1);
    t.match(out, /^error {2}proxy03 {2}reachable/m);
    t.match(out, /no connection on any of its ports/);
    await standIns.start('proxy03');
  });

  await t.test('without the key in the file it visits no more', async (t) => {
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^doctor:.*\n/m, ''));
    t.equal((await chargehand('reload')).code, 0);
    await balancer.metricsWhen('nothing is counted', (samples) =>
      [...samples.keys()].every((name) => !name.startsWith('chargehand_doctor_findings')),
    );
  });

  await t.test('files that are no certificate are one line, before anybody is asked', async (t) => {
    for (const [args, exit, words] of [
      [['--cert', file], 2, /^chargehand: --cert and --key go together: name both files\n$/],
      [['--cert', file, '--key', file], 1, /^chargehand: cert .* and key .* can't be used together: .*\n$/],
    ] as const) {
      const { code, out, err } = await chargehand('doctor', ...args);
      t.equal(code, exit);
      t.equal(out, '');
      t.match(err, words);
    }
  });

  t.equal(await balancer.stop(), 0);
  t.equal(balancer.errors, '');

  await t.test('nothing runs here any more', async (t) => {
    const { out, code } = await chargehand('doctor');
    t.equal(code, 1, 'proxy02 is as it was');
    t.match(out, /^ {2}- anything through the load balancer: nothing listens on its ports here/m);
  });
});
