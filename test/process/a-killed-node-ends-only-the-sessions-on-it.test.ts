// The built program before three stand-ins, as `npm start` runs it. One node is killed (SIGKILL) in the middle of
// transfers and started again, under load. What the clients saw, what the log says and what /metrics counts must be one
// and the same, session by session.

import t from 'tap';
import { sum } from '../fixtures/balancer-process.ts';
import { Load } from '../fixtures/load.ts';
import { moveDemo, runDemo } from '../fixtures/moved-demo.ts';
import {
  bytesCounted,
  bytesLogged,
  lineOfRecord,
  lineOfSeen,
  sessionsCounted,
  sessionsLogged,
  wasBroken,
} from '../fixtures/session-books.ts';
import { begin, exchange, type Seen, type Target } from '../fixtures/stand-in-client.ts';

const VICTIM = 'proxy02';
/** More than the kernel ever buffers between a node and a client that doesn't read: these are cut in mid-answer. */
const LONG_TRANSFER = 64 * 1024 * 1024;
const LONG: ReadonlySet<string> = new Set(['http']);
/** The others are held between two answers, as a kept-alive connection is most of the time. */
const SHORT_TRANSFER = 200_000;
/** Of the clients, so many belong on each node for the services that keep a client on its node. */
const CLIENTS_A_NODE = 2;

t.setTimeout(180_000);
const demo = await moveDemo(t);
const services = demo.config.services.map(({ name }) => name);
const nodes = demo.config.nodes.map(({ name }) => name);

t.test('every service of the demo answers, with the right nodes behind it', async (t) => {
  const { balancer, target } = await runDemo(t, demo);
  t.equal(services.length, 9);
  for (const { name: service, balance } of demo.config.services) {
    const answered = new Set<string | undefined>();
    for (let turn = 0; turn < 6; turn++) {
      const seen = await exchange(target(service), 100_000, `${service}-${turn}`);
      t.equal(seen.fault, '', `${service} on ${seen.node}`);
      answered.add(seen.node);
    }
    if (balance.strategy === 'pinned') t.same([...answered], [demo.config.caNode], `${service} stays on the CA node`);
    else if (balance.strategy === 'source') t.equal(answered.size, 1, `${service} stays on the client's node`);
    else t.same([...answered].sort(), nodes, `${service} goes round`);
  }
  t.equal(await balancer.stop(), 0, 'a stop as asked for exits 0');
  t.equal(balancer.errors, '');
  t.equal(balancer.sessions.length, services.length * 6);
  t.strictSame(balancer.sessions.filter(wasBroken), []);
});

t.test('a killed node ends the sessions on it and no other, and none afterwards fails', async (t) => {
  const { balancer, standIns, processes, target } = await runDemo(t, demo);
  const seen: Seen[] = [];
  const clients = await clientsOfEveryNode((client) => target('https', client), seen);
  const targets = services.flatMap((service) => clients.map((client) => target(service, client)));
  const upAtFirst = sum(await balancer.metrics(), 'chargehand_backend_up', `node="${VICTIM}"`);

  const sizeFor = ({ service }: Target): number => (LONG.has(service) ? LONG_TRANSFER : SHORT_TRANSFER);
  const transfers = await Promise.all(targets.map((to, i) => begin(to, sizeFor(to), `transfer-${i}`)));
  const caught = transfers.filter(({ node }) => node === VICTIM);
  t.equal(caught.length, CLIENTS_A_NODE * (services.length - 1), `transfers on ${VICTIM}, of all but puppet-ca`);
  const load = new Load(targets, seen);
  load.start();
  await load.reached(seen.length + targets.length);

  // The short exchanges stand still for the moment of the kill, until the balancer knows that they are over: one that
  // comes to its own end at that very moment could count for the log as ended by the node and for its client as whole.
  await load.pause();
  await balancer.idle(transfers.length);
  const before = seen.length;
  const victim = processes.get(VICTIM);
  process.kill(victim?.pid ?? 0, 'SIGKILL');
  const finishing = Promise.all(transfers.map((transfer) => transfer.finish()));
  await victim?.ended;
  const deadAt = Date.now();
  load.start();
  const finished = await finishing;

  await balancer.metricsWhen(`${VICTIM} is down`, (now) => sum(now, 'chargehand_backend_up', `node="${VICTIM}"`) === 0);
  await load.reached(before + 2 * targets.length);
  const whileDead = seen.slice(before);
  await standIns.start(VICTIM);
  await balancer.metricsWhen(
    `${VICTIM} is up`,
    (now) => sum(now, 'chargehand_backend_up', `node="${VICTIM}"`) === upAtFirst,
  );
  const back = seen.length;
  await load.reached(back + 2 * targets.length);
  await load.pause();
  const counted = await balancer.idle();
  t.equal(await balancer.stop(), 0);
  t.equal(balancer.errors, '');
  const { sessions } = balancer;

  t.test('the log, the clients and the metrics tell the same of every session', async (t) => {
    t.strictSame(sessions.map(lineOfRecord).sort(), [...finished, ...seen].map(lineOfSeen).sort());
    t.strictSame(sessionsCounted(counted), sessionsLogged(sessions));
    t.strictSame(bytesCounted(counted), bytesLogged(sessions));
    t.equal(sum(counted, 'chargehand_log_lines_dropped_total'), 0);
  });

  t.test('only the sessions then running on that node ended', async (t) => {
    const atClients = finished.filter(({ fault }) => fault !== '');
    const inLog = sessions.filter((record) => wasBroken(record) && Date.parse(record.accepted) <= deadAt);
    t.comment(`on ${VICTIM} when it was killed: ${caught.length} of ${transfers.length} running sessions`);
    const cutInAnAnswer = atClients.filter(({ service, fault }) => LONG.has(service) && fault === 'aborted');
    t.equal(cutInAnAnswer.length, CLIENTS_A_NODE * LONG.size, 'the long ones were cut in the middle of an answer');
    t.comment(`ended by that: ${inLog.length} in the log, ${atClients.length} at the clients`);
    t.strictSame(atClients.map(({ client }) => client).sort(), caught.map(({ client }) => client).sort());
    t.strictSame(inLog.map(({ client }) => client).sort(), caught.map(({ client }) => client).sort());
  });

  t.test('no session accepted afterwards failed', async (t) => {
    const inLog = sessions.filter(({ accepted }) => Date.parse(accepted) >= deadAt);
    const atClients = seen.slice(before);
    const failedInLog = inLog.filter(wasBroken);
    const failedAtClients = atClients.filter(({ fault }) => fault !== '');
    t.comment(`accepted afterwards: ${inLog.length} in the log, ${atClients.length} at the clients`);
    t.comment(`failed of these: ${failedInLog.length} in the log, ${failedAtClients.length} at the clients`);
    t.equal(inLog.length, atClients.length);
    t.strictSame(failedInLog, []);
    t.strictSame(failedAtClients, []);
    t.ok(whileDead.length >= targets.length, `${whileDead.length} of them while the node was dead`);
    t.notOk(whileDead.some(({ node }) => node === VICTIM));
  });

  t.test('the node that is back takes its share of all services again', async (t) => {
    const serving = new Set(seen.slice(back).flatMap(({ node, service }) => (node === VICTIM ? [service] : [])));
    t.same([...serving].sort(), services.filter((name) => name !== 'puppet-ca').sort());
  });
});

/** Client addresses of which each node has as many, found by asking a service that keeps a client on its node. */
async function clientsOfEveryNode(https: (client: number) => Target, seen: Seen[]): Promise<readonly number[]> {
  const byNode = new Map<string | undefined, number[]>(nodes.map((node) => [node, []]));
  for (let client = 0; client < 50; client++) {
    const answer = await exchange(https(client), 1, 'whose');
    seen.push(answer);
    byNode.get(answer.node)?.push(client);
    if ([...byNode.values()].every(({ length }) => length >= CLIENTS_A_NODE)) break;
  }
  return [...byNode.values()].flatMap((clients) => clients.slice(0, CLIENTS_A_NODE));
}
