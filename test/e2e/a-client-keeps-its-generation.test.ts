// https (yum): three Apaches, each with its own generation of createrepo_c's metadata, and dnf on 20 machines. With
// `source` no client ever asks one node for what another one named; when a node dies only its clients move. With
// `roundrobin` instead the 404s are there.

import '../fixtures/own-namespaces.ts';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Apache, startApache, tls } from '../fixtures/apache.ts';
import type { Machine, Ran } from '../fixtures/machine.ts';
import { noNamespaces } from '../fixtures/own-namespaces.ts';
import { mapWide } from '../fixtures/real-haproxy.ts';
import { leaveOut, missing, Seen } from '../fixtures/seen.ts';
import { Site } from '../fixtures/site.ts';
import { until } from '../fixtures/until.ts';

const PACKAGES = ['dnf', 'createrepo-c', 'rpm', 'apache2', 'curl', 'haproxy'];
const why = noNamespaces || missing(...PACKAGES);
if (why !== false) leaveOut(t, why);
else {
  t.setTimeout(1_500_000);
  const CLIENTS = 20;
  const RUNS_EACH = 5;
  const DIES_AFTER = 2;
  const seen = new Seen(t, 'https (yum)', 'a-client-keeps-its-generation', PACKAGES);
  const site = await Site.of(t, { nodes: 3, clients: CLIENTS });

  const apaches: Apache[] = [];
  for (const [i, node] of site.nodes.entries()) {
    const apache = await startApache(site, node, [443], tls(site, node));
    const status = join(apache.root, 'pulp/api/v3/status');
    mkdirSync(status, { recursive: true });
    writeFileSync(join(status, 'index.html'), '{"database_connection":{"connected":true},"online_content_apps":[1]}');
    writeFileSync(join(apache.root, 'node'), node.name);
    writeGeneration(join(apache.root, 'content'), `1.${i}`);
    apaches.push(apache);
  }

  const balancer = await site.chargehand(`
profile: foreman-current
services:
  http: false
  templates: false
  smart-proxy: false
  # What the row would be without its reason, on a port of its own.
  spread: { listen: 4443, port: 443, wait_for_client: true, health: pulp }
`);
  await balancer.probed('https', 'spread');
  await site.usualHaproxy([{ name: 'https', port: 443, balance: 'source' }]);

  /** A repository with one package, in a version that no other generation has. */
  function writeGeneration(folder: string, version: string): void {
    const build = site.folder(`rpmbuild-${version}`);
    const spec = site.file(
      `rpmbuild-${version}/hello.spec`,
      `Name: hello
Version: ${version}
Release: 1
Summary: A package
License: MIT
BuildArch: noarch
%description
A package.
%install
mkdir -p %{buildroot}/usr/share/hello
echo ${version} >%{buildroot}/usr/share/hello/version
%files
/usr/share/hello
`,
    );
    mkdirSync(folder);
    const defines = [
      '--define',
      `_topdir ${build}`,
      '--define',
      `_rpmdir ${folder}`,
      '--define',
      `_dbpath ${build}/db`,
    ];
    execFileSync('rpmbuild', ['-bb', '--quiet', ...defines, spec], { stdio: 'pipe' });
    execFileSync('createrepo_c', ['--quiet', folder], { stdio: 'pipe' });
  }

  /** makecache and a download, as on a host that has nothing yet. One line for each request that was not answered 200. */
  async function dnf(client: Machine, port: number): Promise<Ran> {
    const root = site.folder(`${client.name}/root`);
    const config = site.file(
      `${client.name}/dnf.conf`,
      `[main]
cachedir=${root}/cache
logdir=${root}/log
persistdir=${root}/persist
varsdir=${root}/vars
reposdir=${root}/repos
pluginpath=${root}/plugins
user_agent=${client.name}
retries=1
gpgcheck=0
[content]
name=content
baseurl=https://smartproxy.example.test:${port}/content/
sslcacert=${site.ca}
`,
    );
    const run = ['dnf', '-q', '-y', '-c', config, `--installroot=${root}`, '--releasever=9', '--refresh'];
    const ran = await client.run([...run, `--destdir=${root}/download`, '--downloadonly', 'install', 'hello']);
    rmSync(root, { recursive: true });
    return ran;
  }

  const notFound = () => apaches.flatMap((apache) => apache.log().filter((line) => line.split(' ')[1] === '404'));

  /** The nodes that served each client since a line of the session log. */
  function nodesOf(service: string, since: number): ReadonlyMap<string, ReadonlySet<string>> {
    const nodes = new Map<string, Set<string>>();
    for (const { service: of, client, node } of balancer.sessions.slice(since)) {
      if (of !== service || node === undefined) continue;
      const address = client.replace(/:\d+$/, '');
      nodes.set(address, (nodes.get(address) ?? new Set()).add(node));
    }
    return nodes;
  }

  /** One request: the node that answered it. */
  const whichNode = async (client: Machine, balancerName: string): Promise<string> => {
    const url = `https://${balancerName}.example.test/node`;
    return (await client.run(['curl', '-sS', '-m', '30', '--retry', '3', '--cacert', site.ca, url])).stdout;
  };

  const everybody = (name: string) => mapWide(site.clients, 4, (client) => whichNode(client, name));

  t.test(`${CLIENTS * RUNS_EACH} runs of ${CLIENTS} clients, and a node that dies in the middle`, async (t) => {
    const before = { ours: await everybody('smartproxy'), theirs: await everybody('haproxy') };
    t.equal(new Set(before.ours).size, 3, 'the clients are on all nodes');
    const dying = site.node(1);
    const results: { readonly client: string; readonly run: number; readonly ran: Ran }[] = [];
    const round = async (run: number) =>
      await mapWide(site.clients, 4, async (client) => {
        results.push({ client: client.name, run, ran: await dnf(client, 443) });
      });
    for (let run = 0; run < DIES_AFTER; run++) await round(run);
    const since = balancer.sessions.length;
    const answered = (): number => apaches[1]?.log().length ?? 0;
    const sofar = answered();
    const inTheMiddle = round(DIES_AFTER);
    await until(() => answered() > sofar, 'a client that loads from the node that is to die');
    await apaches[1]?.running.end('SIGTERM');
    await inTheMiddle;
    for (let run = DIES_AFTER + 1; run < RUNS_EACH; run++) await round(run);
    t.equal(results.length, CLIENTS * RUNS_EACH);

    const lost = new Set(site.clients.filter((_, i) => before.ours[i] === dying.name).map(({ name }) => name));
    const failed = results.filter(({ ran }) => ran.code !== 0);
    for (const { client, run, ran } of failed) {
      if (lost.has(client) && run === DIES_AFTER) continue;
      t.fail(`${client}, run ${run}: ${ran.stderr}`);
    }
    t.comment(`runs cut by the node's death: ${failed.length}`);
    // A client whose node died between two of its requests asks the next node for what the dead one named.
    const wrong = notFound().filter((line) => !lost.has(line.split(' ').at(-1) ?? ''));
    t.same(wrong, [], 'no 404 for a client whose node lives');

    await balancer.idle();
    const served = nodesOf('https', since);
    for (const [i, client] of site.clients.entries()) {
      const nodes = [...(served.get(client.address) ?? [])];
      if (!lost.has(client.name)) t.same(nodes, [before.ours[i]], `${client.name} stayed on its node`);
      else t.notOk((await whichNode(client, 'smartproxy')) === dying.name, `${client.name} has another one`);
    }

    await balancer.metricsWhen('the node is down', (samples) =>
      [...samples].some(
        ([k, v]) =>
          k.startsWith('chargehand_backend_up{') && k.includes('"https"') && k.includes(dying.name) && v === 0,
      ),
    );
    const after = { ours: await everybody('smartproxy'), theirs: await everybody('haproxy') };
    const moved = (which: 'ours' | 'theirs') =>
      before[which].filter((node, i) => node !== dying.name && node !== after[which][i]).length;
    t.equal(moved('ours'), 0);
    t.ok(moved('theirs') > 0, 'HAProxy sends others elsewhere, too');
    seen.add(
      `${results.length} runs of dnf (makecache and a download) from ${CLIENTS} machines, three nodes with three generations; ` +
        `${dying.name} was ended in round ${DIES_AFTER + 1}, while a client loaded from it. Runs that failed: ${failed.length} (only clients of that ` +
        'node may, in that round). 404s of clients whose node lives: 0.',
    );
    seen.add(
      `Clients of living nodes that moved: 0 of ${CLIENTS - lost.size}. Behind HAProxy with the usual file: ` +
        `${moved('theirs')} of ${before.theirs.filter((node) => node !== dying.name).length}.`,
    );
  });

  t.test('with roundrobin instead the 404s are there', async (t) => {
    const already = notFound().length;
    const ran = await mapWide(site.clients.slice(0, 6), 3, (client) => dnf(client, 4443));
    const more = notFound().length - already;
    t.ok(more > 0, 'requests for what another node named');
    const failed = ran.filter(({ code }) => code !== 0).length;
    t.ok(failed > 0, 'and runs that failed of it');
    seen.add(`With \`roundrobin\` over the two nodes left: ${more} times 404, ${failed} of ${ran.length} runs failed.`);
  });
}
