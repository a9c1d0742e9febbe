// amqp: RabbitMQ on two nodes, a consumer without heartbeats that is idle for longer than the usual 60 s.

import '../fixtures/own-namespaces.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { Machine, Running } from '../fixtures/machine.ts';
import { noNamespaces } from '../fixtures/own-namespaces.ts';
import { leaveOut, missing, Seen } from '../fixtures/seen.ts';
import { Site } from '../fixtures/site.ts';
import { until } from '../fixtures/until.ts';

const PACKAGES = ['rabbitmq-server', 'amqp-tools', 'haproxy'];
const why = noNamespaces || missing(...PACKAGES);
if (why !== false) leaveOut(t, why);
else {
  t.setTimeout(400_000);
  const IDLE_MS = 66_000;
  const seen = new Seen(t, 'amqp', 'idle-consumers-get-their-messages', PACKAGES);
  const site = await Site.of(t);
  const client = site.client(0);

  await Promise.all(site.nodes.map(startRabbit));

  async function startRabbit(node: Machine): Promise<void> {
    const home = site.folder(`${node.name}/rabbitmq`);
    const configuration = site.file(
      `${node.name}/rabbitmq/rabbitmq.conf`,
      `listeners.tcp = none
listeners.ssl.default = 5647
ssl_options.cacertfile = ${site.ca}
ssl_options.certfile = /run/site/${node.name}.pem
ssl_options.keyfile = /run/site/${node.name}.key
loopback_users = none
heartbeat = 0
log.console = true
log.console.level = info
`,
    );
    const env = {
      HOME: home,
      RABBITMQ_NODENAME: `rabbit@${node.name}`,
      RABBITMQ_CONFIG_FILE: configuration,
      RABBITMQ_MNESIA_BASE: `${home}/mnesia`,
      RABBITMQ_LOG_BASE: `${home}/log`,
      RABBITMQ_LOGS: '-',
      RABBITMQ_ENABLED_PLUGINS_FILE: site.file(`${node.name}/rabbitmq/plugins`, '[].'),
      RABBITMQ_PID_FILE: `${home}/pid`,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none',
    };
    const server = node.start(['/usr/lib/rabbitmq/bin/rabbitmq-server'], { env, cwd: home });
    await node.listens(5647, server);
  }

  const balancer = await site.chargehand(`
services:
  amqp:
    { listen: 5647, balance: source, wait_for_client: true, handshake_failover: true, health: tcp, timeouts: { idle: 12h } }
`);
  await balancer.probed('amqp');
  await site.usualHaproxy([{ name: 'amqp', port: 5647, balance: 'source' }]);

  const at = (machine: Machine) => ['-u', `amqps://${machine.fqdn}:5647`, `--cacert=${site.ca}`];

  /** A consumer that prints what it gets; its queue is on the node that it was sent to. */
  async function consume(name: string, to: Machine): Promise<Running> {
    await client.must(['amqp-declare-queue', ...at(to), '-q', name]);
    const consumer = client.start(['amqp-consume', ...at(to), '-q', name, '--heartbeat=0', '-A', '-c', '1', 'cat']);
    return consumer;
  }

  const ours = await consume('behind-chargehand', site.lb);
  const theirs = await consume('behind-haproxy', site.haproxy);
  const active = await balancer.idle(1);

  t.test(`a consumer that was idle for ${IDLE_MS / 1000} s gets its message`, async (t) => {
    await sleep(IDLE_MS);
    t.ok(ours.isRunning, ours.said);
    await client.must(['amqp-publish', ...at(site.lb), '-r', 'behind-chargehand', '-b', 'the-message']);
    await ours.ended;
    t.equal(ours.child.exitCode, 0, ours.said);
    t.equal(ours.said, 'the-message');
    t.ok([...active].some(([name, value]) => name.startsWith('chargehand_sessions_active{') && value === 1));
    const line = () => balancer.sessions.find(({ duration_ms }) => duration_ms > IDLE_MS);
    await until(() => line() !== undefined, 'the line of its session');
    // How RabbitMQ and amqp-consume part, with a reset or without, is their affair.
    t.not(line()?.ended_by, 'proxy', 'one session, from before to after');
    seen.add(`After ${IDLE_MS / 1000} s without a byte the consumer got its message, on the connection that it had.`);
  });

  t.test('behind HAProxy with the usual file it was cut off after a minute', async (t) => {
    t.notOk(theirs.isRunning);
    t.not(theirs.child.exitCode, 0);
    t.match(theirs.said, /waiting for header frame: /, 'while it waited');
    seen.add(`Behind HAProxy with the usual file it ended with \`${theirs.said.trim()}\`.`);
  });
}
