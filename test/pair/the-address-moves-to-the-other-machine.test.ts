// Two load balancers and an address that keepalived moves between them, in networks of the test's own.

import t, { type Test } from 'tap';
import { noNetwork } from '../fixtures/network.ts';
import { type BalancerName, CLIENTS, NODES, type NodeName, Pair, type Reached } from '../fixtures/pair/pair.ts';

const why = noNetwork({ keepalived: 'keepalived', curl: 'curl' });
if (why !== undefined) {
  process.stderr.write(`not tried: ${why}\n`);
  t.pass(`not tried: ${why}`);
  process.exit(0);
}

t.setTimeout(600_000);

const pair = new Pair();
t.teardown(() => pair.close());
await pair.start();

const reachAll = (): Promise<Reached[]> => Promise.all(CLIENTS.map((from) => pair.reach(from)));
const nodesOf = (reached: readonly Reached[]): Record<string, string | undefined> =>
  Object.fromEntries(reached.map(({ from, node }) => [from, node]));

const before = await reachAll();
const home = nodesOf(before);

t.test('each client is on a node, and each node has some', async (t) => {
  t.same([...new Set(Object.values(home))].sort(), Object.keys(NODES));
});

/** Breaks the balancer that has the address, and sees every client on its own node by the other one. */
async function moves(t: Test, what: string, breaks: (name: BalancerName) => void): Promise<BalancerName> {
  await pair.settled();
  const first = pair.holder();
  if (first === undefined) throw new Error('nobody has the address');
  const second = first === 'lb1' ? 'lb2' : 'lb1';
  const [one = ''] = CLIENTS;
  const kept = pair.hold(one);
  t.equal((await kept.reached).node, home[one], 'a session runs');
  const served = pair.sessions(second).length;
  breaks(first);
  const reached = await reachAll();
  t.same(nodesOf(reached), home, 'each on the same node as before');
  t.equal(pair.holder(), second, 'by the other balancer');
  await kept.over;
  await pair.until(() => pair.sessions(second).length >= served + CLIENTS.length, 'the other one has served them all');
  const longest = Math.max(...reached.map(({ ms }) => ms));
  t.comment(`${what}: the last of ${CLIENTS.length} clients was connected again after ${Math.round(longest)} ms`);
  return first;
}

t.test('a balancer is killed', async (t) => {
  const broken = await moves(t, 'killed', (name) => pair.signal(name, 'SIGKILL'));
  await pair.startBalancer(broken);
  await pair.settled();
  t.not(pair.holder(), broken, 'it comes back as the one that waits');
});

t.test('its link is cut', async (t) => {
  const broken = await moves(t, 'link cut', (name) => pair.link(name, 'down'));
  pair.link(broken, 'up');
});

t.test('its process is stopped', async (t) => {
  const broken = await moves(t, 'stopped', (name) => pair.signal(name, 'SIGSTOP'));
  pair.signal(broken, 'SIGCONT');
});

t.test('a node whose packets are lost costs a new client at most one connect timeout', async (t) => {
  await pair.settled();
  const holder = pair.holder();
  if (holder === undefined) throw new Error('nobody has the address');
  const lost: NodeName = 'proxy02';
  const its = CLIENTS.filter((from) => home[from] === lost);
  const seen = pair.sessions(holder).length;
  pair.blackHole(lost, true);
  const reached = await Promise.all(CLIENTS.map((from) => pair.reach(from, 30_000)));
  for (const { from, node, attempts } of reached) {
    t.equal(attempts, 1, `${from} had to dial once`);
    if (its.includes(from)) t.not(node, lost);
    else t.equal(node, home[from], 'the others stay where they are');
  }
  await pair.until(() => pair.sessions(holder).length >= seen + CLIENTS.length, 'all have ended');
  const sessions = pair.sessions(holder).slice(seen);
  t.equal(Math.max(...sessions.map(({ retries }) => retries ?? 0)), 1, 'at most one dial failed');
  t.ok(
    sessions.every(({ retries, node }) => retries === 0 || node !== lost),
    'and never that of another node',
  );
  const longest = Math.max(...reached.map(({ ms }) => ms));
  t.comment(`black hole: the longest of ${its.length} clients of that node waited ${Math.round(longest)} ms`);
});
