// The judges of the chaos runs, judged: an account in which all is well violates nothing, and each thing that must not be
// is told by the invariant that is there for it.

import t from 'tap';
import type { Account, ClientSeen, FlipSeen, RecordSeen, Sample, Window } from '../../chaos/account.ts';
import { FAULTS } from '../../chaos/faults/table.ts';
import { INVARIANTS, violations } from '../../chaos/invariants/table.ts';
import type { NodeSeen } from '../../chaos/node.ts';
import { EVERY_FAULT_IN, planOf } from '../../chaos/plan.ts';
import { ACTIVE, DROPPED, perNode, QUEUED, UP } from '../../chaos/series.ts';
import { ranking } from '../fixtures/rendezvous-in-bigint.ts';

const PLAN = {
  ...planOf(2),
  kind: 'foreman-2018',
  surroundings: { smallDisk: false, steppedClock: false, descriptors: undefined },
} as const;
const NODES = ['proxy01', 'proxy02', 'proxy03'];
const ORDER = ranking(
  Uint8Array.from([127, 20, 2, 1]),
  NODES.map((node) => ({ node, weight: 1 })),
);
const [FIRST = '', SECOND = ''] = ORDER;

const client = (more: Partial<ClientSeen> = {}): ClientSeen => ({
  id: 'c1',
  service: 'https',
  behaviour: 'talk',
  from: '127.20.2.1:20001',
  connectedAt: 100_000,
  endedAt: 101_000,
  nodes: [FIRST],
  outcome: 'whole',
  fault: '',
  read: 5000,
  written: 700,
  clean: true,
  ...more,
});

const record = (more: Partial<RecordSeen> = {}): RecordSeen => ({
  readAt: 101_050,
  session: 's-1',
  service: 'https',
  client: '127.20.2.1:20001',
  node: FIRST,
  local: '127.0.0.1:40000',
  dialMs: 1,
  durationMs: 1000,
  bytesIn: 700,
  bytesOut: 5000,
  retries: 0,
  end: 'completed',
  ...more,
});

const seen = (more: Partial<NodeSeen> = {}): NodeSeen => ({
  id: 'c1',
  remote: '127.0.0.1:40000',
  read: 700,
  written: 5000,
  fault: '',
  cut: false,
  clean: true,
  ...more,
});

const window = (fault: string, node: string | undefined, from: number, to: number): Window =>
  ({ fault, node, from, struck: from, mending: to, to, missed: undefined }) as Window;

const sample = (at: number, more: Partial<Sample> = {}): Sample => ({
  at,
  pid: 7,
  residentBytes: 80e6,
  sockets: 12,
  others: 30,
  ...more,
});
const down = (at: number, node: string): FlipSeen => ({ at, service: 'https', node, to: 'down', reason: 'refused' });
const up = (at: number, node: string): FlipSeen => ({ at, service: 'https', node, to: 'up', reason: 'first probe' });

/** All that there must be, but for what stands here. */
const metrics = (more: Readonly<Record<string, number | undefined>> = {}): Account['metrics'] => {
  const idle = [ACTIVE, QUEUED].flatMap((gauge) => perNode(gauge, PLAN.kind)).map((name) => [name, 0] as const);
  const up = perNode(UP, PLAN.kind).map((name) => [name, 1] as const);
  const all = { [DROPPED]: 0, ...Object.fromEntries([...idle, ...up]), ...more };
  return new Map(Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
};

function account(more: Partial<Account> = {}, ended: readonly NodeSeen[] = [seen()]): Account {
  const began = ended.map(({ id, remote }) => ({ id, remote, at: 100_010 }));
  return {
    plan: PLAN,
    clients: [client()],
    nodes: new Map([[FIRST, { began, ended: [...ended] }]]),
    records: [record()],
    summedUp: new Map(),
    flips: [],
    complaints: [],
    windows: [],
    samples: Array.from({ length: 20 }, (_, i) => sample(90_000 + i * 250)),
    mendedAt: 110_000,
    endedAt: 140_000,
    metrics: metrics(),
    linesDropped: 0,
    lateMs: 0,
    tornLines: [],
    exits: [{ how: '0', wanted: true }],
    ...more,
  };
}

const broken = (more: Partial<ClientSeen> = {}) =>
  client({ outcome: 'broken', fault: 'ECONNRESET', clean: false, ...more });
const cutRecord = record({ end: 'backend-reset' });

/** It was connected and reset at once, while a crowd was there; the log may have counted it among the refused of `summedUp`. */
const turnedAway = (descriptors: number | undefined, summedUp: Account['summedUp']): Account =>
  account(
    {
      plan: { ...PLAN, surroundings: { ...PLAN.surroundings, descriptors } },
      clients: [broken({ nodes: [] })],
      records: [],
      windows: [window('crowd', undefined, 99_000, 102_000)],
      summedUp,
    },
    [],
  );

/** What is wrong, the invariant that must say so, and the account of it. */
const STORIES: readonly (readonly [what: string, by: string, Account])[] = [
  [
    'a client reads a wrong byte',
    'bytes',
    account({ clients: [client({ outcome: 'wrong-bytes', fault: 'other bytes' })] }),
  ],
  ['a node reads a wrong byte', 'bytes', account({}, [seen({ fault: 'other bytes' })])],
  ['two nodes answer one session', 'node', account({ clients: [client({ nodes: [FIRST, SECOND] })] })],
  [
    'one session comes to two nodes',
    'node',
    account({
      nodes: new Map(
        [FIRST, SECOND].map((node) => [
          node,
          { began: [{ id: 'c1', remote: '127.0.0.1:40000', at: 1 }], ended: [seen()] },
        ]),
      ),
    }),
  ],
  [
    'a pinned session goes elsewhere',
    'node',
    account({ clients: [], records: [record({ service: 'puppet-ca', node: 'proxy02', client: '' })] }),
  ],
  [
    'a client of `source` is not on its node',
    'choice',
    account({ clients: [client({ nodes: [SECOND] })], records: [record({ node: SECOND })] }),
  ],
  ['a session comes to a drained node', 'choice', account({ windows: [window('drain', FIRST, 99_000, 102_000)] })],
  ['a session is cut while nothing is wrong', 'cut', account({ clients: [broken()], records: [cutRecord] }, [])],
  [
    'a session is cut while another node is killed',
    'cut',
    account({ clients: [broken()], records: [cutRecord], windows: [window('kill', SECOND, 100_500, 100_800)] }, []),
  ],
  [
    'a session is cut since its node was only stopped',
    'cut',
    account({ clients: [broken()], records: [cutRecord], windows: [window('stop', FIRST, 100_500, 100_800)] }, []),
  ],
  [
    'a session hangs',
    'cut',
    account({ clients: [client({ outcome: 'hung', clean: false })], records: [cutRecord] }, []),
  ],
  [
    'a session hangs through a crash of the balancer',
    'cut',
    account({
      clients: [client({ outcome: 'hung', clean: false })],
      records: [],
      windows: [window('crash', undefined, 100_500, 100_800)],
    }),
  ],
  [
    'a client of a crowd is turned away although there are descriptors enough',
    'cut',
    account(
      {
        clients: [broken({ nodes: [], outcome: 'not-connected' })],
        records: [record({ node: undefined, local: undefined, end: 'refused', bytesIn: 0, bytesOut: 0 })],
        windows: [window('crowd', undefined, 99_000, 102_000)],
      },
      [],
    ),
  ],
  ['a client is reset in a crowd, and counted nowhere', 'cut', turnedAway(600, new Map())],
  ['a client is refused although there are descriptors enough', 'cut', turnedAway(undefined, new Map([['https', 1]]))],
  [
    'nobody is found although there is somebody',
    'cut',
    account(
      {
        clients: [broken({ nodes: [] })],
        records: [record({ node: undefined, local: undefined, end: 'no-backend', bytesIn: 0, bytesOut: 0 })],
        windows: [window('kill', FIRST, 99_000, 102_000)],
      },
      [],
    ),
  ],
  ['a session has no record', 'record', account({ records: [] })],
  ['a session has two records', 'record', account({ records: [record(), record({ session: 's-2' })] })],
  ['a record has no session', 'record', account({ records: [record(), record({ client: '127.20.2.9:20009' })] })],
  ['the record counts a byte too many', 'record', account({ records: [record({ bytesOut: 5001 })] })],
  ['the record misses a byte', 'record', account({ records: [record({ bytesIn: 699 })] })],
  ['the record names another node', 'record', account({ records: [record({ node: SECOND })] })],
  ['the node saw another connection', 'record', account({}, [seen({ remote: '127.0.0.1:40001' })])],
  ['a session that went well did not end so', 'record', account({ records: [record({ end: 'idle-timeout' })] })],
  ['a fault of the program ended it', 'record', account({ records: [record({ end: 'internal' })] })],
  [
    'a gauge does not return to zero',
    'gauges',
    account({ metrics: metrics({ 'chargehand_sessions_active{service="https",node="proxy01"}': 1 }) }),
  ],
  [
    'the queue is not empty',
    'gauges',
    account({ metrics: metrics({ 'chargehand_queue_sessions{service="https",node=""}': 2 }) }),
  ],
  ...[
    'chargehand_sessions_active{service="https",node="proxy01"}',
    'chargehand_queue_sessions{service="https",node="proxy01"}',
    'chargehand_backend_up{service="https",node="proxy01"}',
    'chargehand_log_lines_dropped_total',
  ].map((name) => [`there is no ${name}`, 'gauges', account({ metrics: metrics({ [name]: undefined }) })] as const),
  ['memory grows without bounds', 'bounds', account({ samples: [sample(1), sample(2, { residentBytes: 900e6 })] })],
  [
    'sockets are not given back',
    'bounds',
    account({ samples: Array.from({ length: 20 }, (_, i) => sample(i, { sockets: 12 + i })) }),
  ],
  [
    'a node is not used again',
    'recovery',
    account({ flips: [down(100_000, FIRST)], windows: [window('kill', FIRST, 99_000, 101_000)] }),
  ],
  [
    'a node is used again too late',
    'recovery',
    account({
      flips: [down(100_000, FIRST), up(130_000, FIRST)],
      windows: [window('kill', FIRST, 99_000, 101_000)],
    }),
  ],
  ['a session looks for a node for too long', 'recovery', account({ records: [record({ dialMs: 20_000 })] })],
  ['a node is taken out that was well', 'blame', account({ flips: [down(100_000, SECOND), up(111_000, SECOND)] })],
  ['the program dies', 'program', account({ exits: [{ how: 'SIGSEGV', wanted: false }] })],
  ['the program complains', 'program', account({ complaints: [{ at: 1, text: 'a fault of ours' }] })],
  ['a line is torn', 'program', account({ tornLines: ['{"level":"in'] })],
  ['a line is lost', 'program', account({ linesDropped: 3 })],
  [
    'a disk that was to be full was not',
    'struck',
    account({ windows: [{ ...window('disk-full', undefined, 1, 2), missed: '17 bytes could be written' }] }),
  ],
  [
    'a clock that was to be stepped was not',
    'struck',
    account({ windows: [{ ...window('clock-step', undefined, 1, 2), missed: 'stepped by 500 s, it differs by 0 s' }] }),
  ],
];

t.test('an account in which all is well violates nothing', async (t) => {
  t.same(violations(account()), []);
});

t.test('what the faults excuse violates nothing', async (t) => {
  const killed = window('kill', FIRST, 100_200, 105_000);
  t.same(
    violations(account({ clients: [broken()], records: [cutRecord], windows: [killed] }, [])),
    [],
    'a killed node',
  );
  const elsewhere = { clients: [client({ nodes: [SECOND] })], records: [record({ node: SECOND })] };
  const moved = account({ ...elsewhere, windows: [window('refuse', FIRST, 99_000, 102_000)] }, []);
  t.same(violations(moved), [], 'a client whose node refuses is with the next');
  t.same(violations(turnedAway(600, new Map([['https', 1]]))), [], 'a client for whom there were no descriptors left');
});

for (const [what, by, story] of STORIES) {
  t.test(what, async (t) => {
    const told = violations(story).map(({ invariant }) => invariant);
    t.ok(told.includes(by), `${by} says so; it was ${told.join(', ') || 'nobody'}`);
  });
}

t.test('on a machine that was late itself, only what hangs on time is left out', async (t) => {
  const late = account({ clients: [client({ outcome: 'hung', clean: false })], records: [], lateMs: 60_000 }, []);
  t.same(
    violations(late).map(({ invariant }) => invariant),
    ['record'],
  );
});

t.test('and not that a session is on two nodes, or a pinned one on another', async (t) => {
  const both = {
    clients: [client({ nodes: [FIRST, SECOND] })],
    records: [record({ service: 'puppet-ca', node: 'proxy02' })],
  };
  const told = violations(account({ ...both, lateMs: 60_000 })).filter(({ invariant }) => invariant === 'node');
  t.equal(told.length, 2);
});

t.test('there is no invariant that no story makes fail', async (t) => {
  t.same(new Set(STORIES.map(([, by]) => by)), new Set(INVARIANTS.map(({ name }) => name)));
});

t.test('an episode follows from its seed', async (t) => {
  t.same(planOf(7), planOf(7));
  t.notSame(planOf(7).faults, planOf(11).faults);
});

t.test('twenty seeds in a row have every mixture of file, relay and surroundings', async (t) => {
  const mixtures = Array.from({ length: 20 }, (_, i) => planOf(100 + i)).map((plan) =>
    JSON.stringify([plan.kind, plan.relay, plan.surroundings]),
  );
  t.equal(new Set(mixtures).size, 2 * 2 * 4);
});

t.test('so many seeds in a row have every kind of fault, wherever they begin', async (t) => {
  for (const first of [0, 2 ** 31]) {
    const planned = Array.from({ length: 400 }, (_, i) => planOf(first + i).faults.map(({ fault }) => fault));
    const lacks = planned.slice(EVERY_FAULT_IN).flatMap((_, i) => {
      const row = new Set<string>(planned.slice(i, i + EVERY_FAULT_IN).flat());
      return Object.keys(FAULTS).flatMap((name) => (row.has(name) ? [] : [`${name} from ${first + i}`]));
    });
    t.same(lacks, []);
  }
});

t.test('nobody stops reading the log of a process that hands over', async (t) => {
  const names = Array.from({ length: 400 }, (_, i) => planOf(i).faults.map(({ fault }) => fault));
  t.notOk(names.some((all) => all.includes('upgrade') && all.includes('log-blocked')));
});

t.test('what befalls the balancer, or one node, does so one at a time', async (t) => {
  for (let seed = 1; seed <= 200; seed++) {
    const ends = new Map<string | undefined, number>();
    for (const { fault, node, atMs, forMs } of planOf(seed).faults) {
      if (atMs < (ends.get(node) ?? 0)) t.fail(`seed ${seed}: ${fault} begins before the one before it has ended`);
      ends.set(node, atMs + forMs);
    }
  }
});
