// http and templates: Apache, curl's ranges and wget -c. A download that is put together of pieces, from different nodes
// or on both sides of a node's death, is the file.

import '../fixtures/own-namespaces.ts';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Apache, startApache } from '../fixtures/apache.ts';
import type { Samples } from '../fixtures/balancer-process.ts';
import { noNamespaces } from '../fixtures/own-namespaces.ts';
import { leaveOut, missing, Seen } from '../fixtures/seen.ts';
import { Site } from '../fixtures/site.ts';
import { seededBytes } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';

const PACKAGES = ['apache2', 'curl', 'wget'];
const why = noNamespaces || missing(...PACKAGES);
if (why !== false) leaveOut(t, why);
else {
  t.setTimeout(300_000);
  const SIZE = 32 << 20;
  const PIECES = 8;
  const seen = new Seen(t, 'templates, http', 'downloads-are-resumed-byte-exact', PACKAGES);
  const site = await Site.of(t);
  const client = site.client(0);
  const content = seededBytes(7, SIZE);
  const apaches: Apache[] = [];

  for (const [i, node] of site.nodes.entries()) {
    const apache = await startApache(site, node, [80, 8000], '');
    mkdirSync(join(apache.root, 'pub'));
    writeFileSync(join(apache.root, 'pub/katello-server-ca.crt'), site.authority.certificate);
    writeFileSync(join(apache.root, 'features'), '["templates"]');
    writeFileSync(join(apache.root, 'initrd.img'), content);
    // The same size, and another byte on each node: what no download may be pieced together of.
    const skewed = Buffer.from(content);
    skewed.fill(i, SIZE - 1000);
    skewed.fill(i, 0, 1000);
    writeFileSync(join(apache.root, 'skewed.img'), skewed);
    apaches.push(apache);
  }

  const balancer = await site.chargehand(`
profile: foreman-current
services: { https: false, smart-proxy: false }
`);
  await balancer.probed('http', 'templates');

  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  const file = (name: string) => join(site.folder('downloads'), name);

  /** A file in pieces of curl's, each a connection of its own, one after the other. */
  async function inPieces(url: string, name: string): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let i = 0; i < PIECES; i++) {
      const [from, to] = [(SIZE / PIECES) * i, (SIZE / PIECES) * (i + 1) - 1];
      await client.must(['curl', '-sSf', '-r', `${from}-${to}`, '-o', file(name), `${url}/${name}`]);
      pieces.push(readFileSync(file(name)));
    }
    return Buffer.concat(pieces);
  }

  const served = (path: string) => apaches.map((apache) => apache.log().filter((l) => l.includes(path)).length);

  t.test('templates: ranges from both nodes make up the file', async (t) => {
    const whole = await inPieces('http://smartproxy.example.test:8000', 'initrd.img');
    t.equal(digest(whole), digest(content));
    // Apache writes its line when it has done with a request, which may be after the client has.
    await until(() => served('/initrd.img').reduce((a, b) => a + b) >= PIECES, 'the lines of all pieces');
    t.same(served('/initrd.img'), [PIECES / 2, PIECES / 2], 'each node served half of the pieces');
    seen.add(`curl fetched ${SIZE >> 20} MiB in ${PIECES} ranges from port 8000: half from each node, byte-exact.`);
  });

  t.test('that would show if the nodes were not the same', async (t) => {
    const mixed = digest(await inPieces('http://smartproxy.example.test:8000', 'skewed.img'));
    const files = apaches.map((apache) => digest(readFileSync(join(apache.root, 'skewed.img'))));
    t.notOk(files.includes(mixed), 'of no node');
    const kept = digest(await inPieces('http://smartproxy.example.test', 'skewed.img'));
    t.ok(files.includes(kept), 'on port 80 a client has one node: its pieces fit');
    seen.add(
      'With a file that differs between the nodes, the ranges from port 8000 (`roundrobin`) make up neither, ' +
        "those from port 80 (`source`) one node's file.",
    );
  });

  t.test('wget that is stopped in the middle goes on where it was', async (t) => {
    const url = 'http://smartproxy.example.test/initrd.img';
    const download = file('stopped.img');
    const first = client.start(['wget', '-q', '--limit-rate=8m', '-O', download, url]);
    await until(() => sizeOf(download) > SIZE / 4, 'a quarter of the file');
    await first.end('SIGKILL');
    const had = sizeOf(download);
    t.ok(had < SIZE, 'it was not done');
    await client.must(['wget', '-q', '-c', '-O', download, url]);
    t.equal(digest(readFileSync(download)), digest(content));
    const rest = ` ${url.replace(/.*test/, '')} HTTP/1.1 bytes=${had}-`;
    await until(() => served(rest).includes(1), 'that the second one asked for the rest alone');
    seen.add(`wget was killed after ${(had / SIZE).toFixed(2)} of the file; \`wget -c\` fetched the rest, byte-exact.`);
  });

  t.test('its node dies in the middle: wget goes on at the other one by itself', async (t) => {
    const download = file('moved.img');
    copyFileSync('/dev/null', download);
    // The metrics are up to a second old: the test before is over for them, too.
    await balancer.idle();
    const before = served('/initrd.img HTTP/1.1 bytes=');
    const wget = client.start(['wget', '--limit-rate=8m', '-O', download, 'http://smartproxy.example.test/initrd.img']);
    await until(() => sizeOf(download) > SIZE / 4, 'a quarter of the file');
    const loadsFrom = (samples: Samples, node: string): boolean =>
      samples.get(`chargehand_sessions_active{service="http",node="${node}"}`) === 1;
    const samples = await balancer.metricsWhen('the download runs', (now) =>
      site.nodes.some(({ name }) => loadsFrom(now, name)),
    );
    const dying = site.nodes.findIndex(({ name }) => loadsFrom(samples, name));
    await apaches[dying]?.running.end('SIGTERM');
    await wget.ended;
    t.equal(wget.child.exitCode, 0, wget.said.slice(-2000));
    t.equal(digest(readFileSync(download)), digest(content));
    const after = (): number | undefined => served('/initrd.img HTTP/1.1 bytes=')[1 - dying];
    await until(() => after() === (before[1 - dying] ?? 0) + 1, 'that the other node served a range');
    seen.add(
      "wget's node was ended during a download: it asked again by itself, the other node sent the rest, byte-exact.",
    );
  });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
