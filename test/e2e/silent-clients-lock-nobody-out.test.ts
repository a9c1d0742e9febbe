// smart-proxy: WEBrick, which takes 100 clients, behind 200 that connect and say nothing. With what the profile says they
// lock nobody out; without, and behind HAProxy with the usual file, they do, and both go on calling the nodes healthy.

import '../fixtures/own-namespaces.ts';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { noNamespaces } from '../fixtures/own-namespaces.ts';
import { leaveOut, missing, Seen } from '../fixtures/seen.ts';
import { Site } from '../fixtures/site.ts';

const PACKAGES = ['ruby-webrick', 'curl', 'haproxy'];
const why = noNamespaces || missing(...PACKAGES);
if (why !== false) leaveOut(t, why);
else {
  t.setTimeout(300_000);
  const SILENT = 200;
  const ASKING = 40;
  const seen = new Seen(t, 'smart-proxy', 'silent-clients-lock-nobody-out', PACKAGES);
  const site = await Site.of(t);
  const client = site.client(0);
  const program = fileURLToPath(new URL('smart-proxy.rb', import.meta.url));

  for (const node of site.nodes) {
    const server = node.start(['ruby', program, `/run/site/${node.name}.pem`, `/run/site/${node.name}.key`, '9090']);
    await node.listens(9090, server);
  }

  // unguarded: what is left of the row when its two guards are taken away, on a port of its own.
  const balancer = await site.chargehand(`
profile: foreman-current
services:
  http: false
  https: false
  templates: false
  unguarded: { listen: 9091, port: 9090, health: tcp }
`);
  await balancer.probed('smart-proxy', 'unguarded');
  await site.usualHaproxy([{ name: 'smart-proxy', port: 9090, balance: 'roundrobin' }]);

  /** Runs `work` while 200 clients are connected that say nothing. */
  async function besideSilentClients(address: string, port: number, work: () => Promise<void>): Promise<void> {
    const sockets = Array.from({ length: SILENT }, () => connect({ host: address, port, autoSelectFamily: false }));
    const connected = (socket: Socket) => new Promise((resolve) => socket.once('connect', resolve));
    for (const socket of sockets) socket.on('error', () => {});
    await Promise.all(sockets.map(connected));
    try {
      await work();
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  }

  /** How many of some clients that come at once are answered. */
  async function answered(url: string, count: number): Promise<number> {
    const curl = ['curl', '-sS', '-m', '10', '--cacert', site.ca, `${url}/features`];
    const all = await Promise.all(Array.from({ length: count }, () => client.run(curl)));
    return all.filter(({ code, stdout }) => code === 0 && stdout.includes('registration')).length;
  }

  /** Until the nodes have let go of the clients of the test before. */
  async function recovered(): Promise<void> {
    for (const node of site.nodes) {
      let tries = 0;
      while ((await answered(`https://${node.fqdn}:9090`, 1)) === 0) {
        if (++tries > 12) throw new Error(`${node.name} does not answer any more`);
      }
    }
  }

  t.test('200 silent clients: everyone else is answered', async (t) => {
    await besideSilentClients(site.lb.address, 9090, async () => {
      t.equal(await answered('https://smartproxy.example.test:9090', ASKING), ASKING);
    });
    seen.add(`With the profile's row, ${ASKING} of ${ASKING} clients were answered beside ${SILENT} silent ones.`);
  });

  t.test('without wait_for_client and max_sessions_per_backend nobody is', async (t) => {
    await besideSilentClients(site.lb.address, 9091, async () => {
      t.equal(await answered('https://smartproxy.example.test:9091', 4), 0);
      const up = [...(await balancer.metrics())].filter(
        ([name]) => name.startsWith('chargehand_backend_up{') && name.includes('unguarded'),
      );
      t.same(
        up.map(([, value]) => value),
        [1, 1],
        'which a TCP check does not see',
      );
    });
    await recovered();
    seen.add('Without its two guards none of 4 was, within 10 s, while the TCP checks called both nodes up.');
  });

  t.test('behind HAProxy with the usual file nobody is', async (t) => {
    await besideSilentClients(site.haproxy.address, 9090, async () => {
      t.equal(await answered('https://haproxy.example.test:9090', 4), 0);
    });
    await recovered();
    seen.add('Behind HAProxy with the usual file none of 4 was, either.');
  });
}
