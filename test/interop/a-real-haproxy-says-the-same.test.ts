// The same clients at a real HAProxy and at chargehand: the log lines of their endings, the statistics and the exporter's
// metrics are compared. Where the two differ, the difference stands here with its reason, and nowhere else.

import t, { type Test } from 'tap';
import { csvRow } from '../fixtures/haproxy-face.ts';
import { client, haproxyTwins, type Twin } from '../fixtures/haproxy-twins.ts';
import { findHaproxy } from '../fixtures/real-haproxy.ts';
import { until } from '../fixtures/until.ts';

t.setTimeout(180_000);

const haproxy = findHaproxy();
if (haproxy === undefined) {
  t.pass('skipped', { skip: 'no haproxy on this machine: "apt-get install haproxy" gets it' });
  process.exit(0);
}

const { both, drops } = await haproxyTwins(t, haproxy);
const [theirs, ours] = both;

/** A tcplog line, taken apart. Times are only told apart by whether there is one. */
function parsed(line: string) {
  const match =
    /^127\.0\.0\.1:\d+ \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d\.\d{3}\] (\S+) (\S+) (-?\d+)\/(-?\d+)\/(\d+) (\d+) (\S\S) (\d+)\/(\d+)\/(\d+)\/(\d+)\/(\+?\d+) (\d+)\/(\d+)$/.exec(
      line,
    );
  if (match === null) return undefined;
  const [, frontend, server, waited, connected, , bytes, flags, ...counts] = match;
  return {
    frontend,
    server,
    waited: waited === '-1' ? 'never' : 'ms',
    connected: connected === '-1' ? 'never' : 'ms',
    bytes: Number(bytes),
    flags,
    // actconn counts HAProxy's own connections to its socket, too.
    counts: counts.slice(1).join('/'),
  };
}

function sessions({ log }: Twin, name: string) {
  const lines = log().split('\n').map(parsed);
  return lines.flatMap((line) => (line?.frontend === name ? [line] : []));
}

/** Lets the same happen at both, and answers with the lines it left, once there are so many. */
async function lines(t: Test, name: string, count: number, act: (twin: Twin) => Promise<void>) {
  const before = both.map((twin) => sessions(twin, name).length);
  await Promise.all(both.map(act));
  const seen = () => both.map((twin, i) => sessions(twin, name).slice(before[i] ?? 0));
  await until(() => seen().every((lines) => lines.length >= count), `${count} lines of ${name} in both logs`);
  const [their, our] = seen();
  if (their === undefined || our === undefined) throw new Error('there are two');
  t.equal(our.length, their.length, 'as many lines');
  return { their, our };
}

interface Ending {
  readonly event: string;
  readonly name: string;
  readonly flags: string;
  readonly act: (t: Test, twin: Twin) => Promise<void>;
  /** What differs, and why. */
  readonly differs?: { readonly flags: string; readonly why: string };
}

const one = async (t: Test, twin: Twin, name: string) => client(t, twin.port(name));

const ENDINGS: readonly Ending[] = [
  {
    event: 'the client closes first',
    name: 'ok',
    flags: '--',
    act: async (t, twin) => {
      const c = await one(t, twin, 'ok');
      await c.say('hello', 'hello');
      c.socket.end();
      await c.closed;
    },
  },
  {
    event: 'the server closes first',
    name: 'ok',
    flags: '--',
    act: async (t, twin) => {
      const c = await one(t, twin, 'ok');
      await c.say('bye');
      await c.closed;
    },
  },
  {
    event: 'the client resets',
    name: 'ok',
    flags: 'CD',
    act: async (t, twin) => {
      const c = await one(t, twin, 'ok');
      await c.say('hello', 'hello');
      c.socket.resetAndDestroy();
    },
  },
  {
    event: 'the server resets',
    name: 'ok',
    flags: 'SD',
    act: async (t, twin) => {
      const c = await one(t, twin, 'ok');
      await c.say('reset');
      await c.closed;
    },
  },
  {
    event: 'the only server refuses, twice',
    name: 'refused',
    flags: 'SC',
    act: async (t, twin) => (await one(t, twin, 'refused')).closed,
  },
  {
    event: 'the first server refuses, the next one serves',
    name: 'moved',
    flags: '--',
    act: async (t, twin) => {
      const c = await one(t, twin, 'moved');
      await c.say('bye');
      await c.closed;
    },
  },
  {
    event: 'no server is up',
    name: 'down',
    flags: 'SC',
    act: async (t, twin) => {
      await until(() => /down1 is DOWN/.test(twin.log()), 'that it is down');
      await (await one(t, twin, 'down')).closed;
    },
  },
  {
    event: 'the server does not answer the connect',
    name: 'silent',
    flags: 'sC',
    act: async (t, twin) => (await one(t, twin, 'silent')).closed,
  },
  {
    event: 'the server says nothing for too long',
    name: 'mute',
    flags: 'sD',
    act: async (t, twin) => {
      const c = await one(t, twin, 'mute');
      await c.say('be mute');
      await c.closed;
    },
  },
  {
    event: 'the client says nothing for too long',
    name: 'idle',
    flags: 'cD',
    act: async (t, twin) => {
      const c = await one(t, twin, 'idle');
      await c.say('hello', 'hello');
      await c.closed;
    },
  },
  {
    event: 'the client goes before it has spoken',
    name: 'spoken',
    flags: 'CR',
    act: async (t, twin) => {
      const c = await one(t, twin, 'spoken');
      // A reset that comes before the accept is nobody's session.
      while (csvRow(await twin.ask('show stat'), 'spoken', 'FRONTEND')['scur'] !== '1');
      c.socket.resetAndDestroy();
    },
  },
  {
    event: 'an operator ends the sessions of a server',
    name: 'killed',
    flags: 'K-',
    act: async (t, twin) => {
      const c = await one(t, twin, 'killed');
      await c.say('hello', 'hello');
      t.equal(await twin.ask('shutdown sessions server killed/killed1'), '\n', twin.who);
      await c.closed;
    },
  },
];

for (const { event, name, flags, act } of ENDINGS) {
  t.test(`log: ${event}`, async (t) => {
    const { their, our } = await lines(t, name, 1, (twin) => act(t, twin));
    t.equal(their[0]?.flags, flags, 'what HAProxy says');
    t.same(our, their);
  });
}

t.test('log: one waits for a place and gives up, one has waited too long', async (t) => {
  const { their, our } = await lines(t, 'full', 3, async (twin) => {
    const holder = await client(t, twin.port('full'));
    await holder.say('hello', 'hello');
    const second = await client(t, twin.port('full'));
    await second.closed;
    // The line says how many there were when it was written.
    await until(() => sessions(twin, 'full').length === 1, 'the line of the second');
    const third = await client(t, twin.port('full'));
    const queued = async () => csvRow(await twin.ask('show stat'), 'full', 'BACKEND')['qcur'];
    while ((await queued()) !== '1');
    third.socket.resetAndDestroy();
    while ((await queued()) !== '0');
    holder.socket.end();
    await holder.closed;
  });
  t.same(our[0], their[0]);
  t.equal(our[0]?.flags, 'sQ');
  t.same(our[2], their[2]);
  // HAProxy 2.6 sees the reset as one in the data; chargehand says where the session stood.
  t.equal(their[1]?.flags, 'CD');
  t.same(our[1], { ...their[1], flags: 'CQ' });
});

t.test('log: a server goes down, and its sessions are ended', async (t) => {
  let served = 0;
  const { their, our } = await lines(t, 'drops', 1, async (twin) => {
    const c = await client(t, twin.port('drops'));
    await c.say('hello', 'hello');
    // Checks connect, too: only an answer shows that a session is there.
    if (++served === both.length) drops.server.close();
    await c.closed;
  });
  t.equal(their[0]?.flags, 'D-', 'what HAProxy says');
  t.same(our, their);
});

t.test('log: who is denied', async (t) => {
  await Promise.all(both.map(async (twin) => (await client(t, twin.port('denied'))).closed));
  await until(() => sessions(ours, 'denied').length === 1, 'a line of ours');
  // HAProxy writes none of a rejected connection; chargehand does, at most ten a second.
  t.equal(sessions(theirs, 'denied').length, 0);
  t.match(sessions(ours, 'denied'), [{ server: 'denied/<NOSRV>', flags: 'PC', bytes: 0 }]);
});

t.test('log: a server that goes down and comes back is told in lines that begin alike', async (t) => {
  for (const twin of both) {
    t.match(twin.log(), /^Server down\/down1 is DOWN, reason: /m, twin.who);
    t.match(twin.log(), /^Server drops\/drops1 is DOWN, reason: /m, twin.who);
  }
});

/** `kind.proxy.server.column` to `tags:type:value`, of the columns that HAProxy 2.6 has (and not those of its modules). */
async function typed(twin: Twin): Promise<Map<string, { tags: string; value: string }>> {
  const text = await twin.ask('show stat typed');
  const names = new Map<string, string>();
  const all = text.split('\n').flatMap((line) => {
    const match = /^([FSB])\.(\d+)\.(\d+)\.(\d+)\.([^.]+)\.1:(\w+:\w+):(.*)$/.exec(line);
    return match === null ? [] : [match];
  });
  for (const [, kind, iid, sid, , name, , value] of all) {
    if (name === 'pxname') names.set(`${iid}`, value ?? '');
    if (name === 'svname') names.set(`${kind}.${iid}.${sid}`, value ?? '');
  }
  const rows = all.flatMap(([, kind, iid, sid, pos, name, tags = '', value = '']) =>
    Number(pos) > LAST_COLUMN_OF_2_6
      ? []
      : [[`${names.get(`${iid}`)}/${names.get(`${kind}.${iid}.${sid}`)} ${pos} ${name}`, { tags, value }] as const],
  );
  return new Map(rows.filter(([key]) => !key.startsWith('exporter/')));
}

const LAST_COLUMN_OF_2_6 = 102;

/** Columns whose values are of the moment, of the machine, or of what the two hold for a limit. */
const OF_THE_MOMENT: ReadonlySet<string> = new Set([
  ...['slim', 'lastchg', 'downtime', 'lastsess', 'check_duration', 'qtime', 'ctime', 'rtime', 'ttime', 'qtime_max'],
  ...['ctime_max', 'rtime_max', 'ttime_max', 'rate', 'rate_max', 'conn_rate', 'conn_rate_max', 'need_conn_est'],
  // How often a server that is down is asked, and in which words the reason is told.
  ...['chkfail', 'last_chk'],
]);

t.test('show stat: the same rows, columns, types and values', async (t) => {
  for (const twin of both) await until(() => /drops1 is DOWN/.test(twin.log()), 'that it is down');
  const [their, our] = await Promise.all(both.map(typed));
  if (their === undefined || our === undefined) throw new Error('there are two');
  t.ok(their.size > 500, `${their.size} values`);
  for (const [key, { tags, value }] of their) {
    const own = our.get(key);
    const name = key.split(' ').at(-1) ?? '';
    t.equal(own?.tags, tags, `${key}: type`);
    if (OF_THE_MOMENT.has(name)) continue;
    const expected = DIFFERENT[key] ?? value;
    t.equal(own?.value, expected, key);
  }
  const more = [...our.keys()].filter((key) => !their.has(key)).map((key) => key.split(' ').at(-1));
  // HAProxy has no limit of a queue that it was not given one for.
  t.same([...new Set(more)].sort(), ['qlimit']);
});

/** Values that differ for a reason. */
const DIFFERENT: Readonly<Record<string, string>> = {};

t.test('show stat as CSV: the columns of 2.6 are the first of ours, in the same order', async (t) => {
  const [their, our] = await Promise.all(both.map((twin) => twin.ask('show stat')));
  const header = (csv = '') => (csv.split('\n')[0] ?? '').split(',');
  const known = header(their).slice(0, LAST_COLUMN_OF_2_6 + 1);
  t.same(header(our).slice(0, known.length), known);
  t.equal(header(our).indexOf('-'), 118, 'the 119th is the dash that ends them');
});

t.test('show info, show servers state, show backend: the same names', async (t) => {
  const names = (text: string) => text.split('\n').map((line) => line.split(':')[0] ?? '');
  const [theirInfo = '', ourInfo = ''] = await Promise.all(both.map((twin) => twin.ask('show info')));
  const applies = names(theirInfo).filter((name) => !/ssl|zlib|^compress|peers|debug/i.test(name));
  t.same(
    applies.filter((name) => !names(ourInfo).includes(name)),
    [],
  );
  const states = await Promise.all(both.map((twin) => twin.ask('show servers state')));
  const [their = '', our = ''] = states.map(withoutMoments);
  t.equal(our, their);
  const backends = await Promise.all(both.map((twin) => twin.ask('show backend')));
  t.equal(backends[1], backends[0]);
});

/** Without the age of the last change; numbers of proxies are theirs. */
function withoutMoments(state: string): string {
  return state.replaceAll(/^(\d+ \S+ \d+ \S+ \S+ \d+ \d+ \d+ \d+) \d+/gm, '$1 -');
}

/** `name{labels}` and `name type`, of what applies in TCP mode. */
function shape(metrics: string): string[] {
  const lines = metrics.split('\n').flatMap((line) => {
    if (line.startsWith('# TYPE')) return [line.slice('# TYPE '.length)];
    return line.startsWith('#') || line === ''
      ? []
      : [line.replace(/ [^ ]+$/, '').replace(/version="[^"]*"/, 'version')];
  });
  return lines
    .filter((line) => line.startsWith('haproxy_') && !line.includes('proxy="exporter"') && !NOT_TCP.test(line))
    .sort();
}

const NOT_TCP =
  /_(ssl|zlib|peers?|http)_|_ssl_|zlib|_http_|active_peers|connected_peers|intercepted_requests|haproxy_(listener|sticktable|resolver)/;

t.test('the exporter: the same names, types and labels', async (t) => {
  const [their = '', our = ''] = await Promise.all(both.map((twin) => twin.metrics()));
  const expected = shape(their);
  t.ok(expected.length > 800, `${expected.length} lines`);
  t.same(shape(our), expected);
  const value = (text: string, sample: string) => text.split('\n').find((line) => line.startsWith(`${sample} `));
  for (const sample of [
    'haproxy_frontend_sessions_total{proxy="ok"}',
    'haproxy_backend_bytes_out_total{proxy="ok"}',
    'haproxy_backend_connection_errors_total{proxy="refused"}',
    'haproxy_server_status{proxy="down",server="down1",state="DOWN"}',
    'haproxy_server_limit_sessions{proxy="ok",server="ok1"}',
    'haproxy_backend_agg_server_status{proxy="ok",state="UP"}',
    'haproxy_server_check_status{proxy="ok",server="ok1",state="L4OK"}',
  ]) {
    t.equal(value(our, sample), value(their, sample), sample);
    t.ok(value(our, sample), sample);
  }
});
