// What the doctor advises until a node is mended: out of the way and back where others take its place, and nowhere else.

import t, { type Test } from 'tap';
import { doctorGroup, type Illness, PORTS, type PortName, shortly } from '../fixtures/doctor-group.ts';

t.setTimeout(300_000);

const ALL = Object.keys(PORTS) as PortName[];

/** What is advised, by `node check severity services`. */
async function advice(t: Test, illness: Illness): Promise<Record<string, string>> {
  const group = await doctorGroup(t, { balancer: false, ...illness });
  const { findings } = await group.visit().report;
  await group.close();
  return Object.fromEntries(findings.map((one) => [shortly(one), one.mend]));
}

t.test('a port that is away: drained where others answer, and ready afterwards', async (t) => {
  const said = await advice(t, { away: { proxy02: ['https'] } });
  t.match(
    said['proxy02 reachable error https'],
    /Meanwhile: chargehand drain proxy02 --service https; afterwards: chargehand ready proxy02 --service https$/,
  );
});

t.test('on the node that signs, only what others can do', async (t) => {
  const said = await advice(t, { away: { proxy01: ['puppet'] } });
  t.match(
    said['proxy01 reachable error puppet, puppet-ca'],
    /Meanwhile: chargehand drain proxy01 --service puppet; afterwards: chargehand ready proxy01 --service puppet$/,
  );
});

t.test('a node that is gone: maint and back, but not the one that signs', async (t) => {
  const said = await advice(t, { away: { proxy01: ALL, proxy02: ALL } });
  const of = (node: string) => Object.entries(said).find(([what]) => what.startsWith(`${node} reachable`))?.[1];
  t.match(of('proxy02'), /Meanwhile: chargehand maint proxy02; afterwards: chargehand ready proxy02$/);
  t.match(of('proxy01'), /\. Leave it ready meanwhile: nothing takes its place in puppet-ca$/);
});

t.test('no node answers: none is taken out', async (t) => {
  const said = await advice(t, { away: { proxy01: ['templates'], proxy02: ['templates'], proxy03: ['templates'] } });
  for (const node of ['proxy01', 'proxy02', 'proxy03']) {
    t.match(
      said[`${node} reachable error templates`],
      /Leave it ready meanwhile: nothing takes its place in templates$/,
    );
  }
});

t.test('Pulp without its database: drained while another has one', async (t) => {
  const one = await advice(t, { wrong: { proxy02: ['pulp-without-database'] } });
  t.match(one['proxy02 pulp error https'], /chargehand drain proxy02 --service https; afterwards: chargehand ready/);
  const ill = ['pulp-without-database'] as const;
  const all = await advice(t, { nodes: 2, wrong: { proxy01: ill, proxy02: ill } });
  for (const node of ['proxy01', 'proxy02']) {
    t.match(all[`${node} pulp error https`], /Leave it ready meanwhile: nothing takes its place in https$/);
  }
  const both = await advice(t, { nodes: 2, wrong: { proxy01: ill, proxy02: ['pulp-without-workers'] } });
  t.match(both['proxy01 pulp error https'], /Meanwhile: chargehand drain proxy01 --service https/);
  t.match(both['proxy02 pulp warning https'], /Leave it ready meanwhile/);
});
