// docker: two registries on one storage, skopeo. An image of 200 MB is pushed in a session that both registries take part
// in, and pulled by its digest by several clients at once.

import '../fixtures/own-namespaces.ts';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import type { Running } from '../fixtures/machine.ts';
import { noNamespaces } from '../fixtures/own-namespaces.ts';
import { leaveOut, missing, Seen } from '../fixtures/seen.ts';
import { Site } from '../fixtures/site.ts';

const PACKAGES = ['docker-registry', 'skopeo'];
const why = noNamespaces || missing(...PACKAGES);
if (why !== false) leaveOut(t, why);
else {
  t.setTimeout(400_000);
  const LAYERS = 4;
  const LAYER_BYTES = 50 << 20;
  const PULLS = 4;
  const seen = new Seen(t, 'docker', 'images-are-pushed-and-pulled', PACKAGES);
  const site = await Site.of(t, { clients: PULLS });

  const registries: Running[] = [];
  for (const node of site.nodes) {
    const file = site.file(
      `${node.name}/registry.yml`,
      `version: 0.1
log: { accesslog: { disabled: false } }
storage: { filesystem: { rootdirectory: ${site.folder('storage')} } }
http:
  addr: :5000
  secret: of-both
  tls: { certificate: /run/site/${node.name}.pem, key: /run/site/${node.name}.key }
`,
    );
    const registry = node.start(['docker-registry', 'serve', file]);
    await node.listens(5000, registry);
    registries.push(registry);
  }

  const balancer = await site.chargehand(`
services:
  docker:
    listen: 5000
    wait_for_client: true
    handshake_failover: true
    health: { type: https, path: /v2/, expect: { headers: { docker-distribution-api-version: registry/2 } } }
`);
  await balancer.probed('docker');

  const image = site.folder('image');
  const { layers, digest } = writeImage(image);
  const trusted = site.folder('trusted');
  writeFileSync(join(trusted, 'ca.crt'), site.authority.certificate);
  const skopeo = ['skopeo', '--insecure-policy', 'copy', '--preserve-digests'];
  const name = 'docker://smartproxy.example.test:5000/library/big';
  const served = (what: RegExp) => registries.map(({ said }) => said.match(what)?.length ?? 0);

  t.test('an image of 200 MB is pushed', async (t) => {
    const push = [...skopeo, '-q', '--dest-cert-dir', trusted, `oci:${image}`, `${name}:latest`];
    await site.client(0).must(push, { env: { TMPDIR: site.folder('tmp') } });
    const requests = served(/"(?:POST|PATCH|PUT) /g);
    t.ok(
      requests.every((count) => count > 0),
      `both registries took part in it: ${requests}`,
    );
    t.same(stored(), layers, 'all layers are in the storage');
    seen.add(
      `skopeo pushed an image of ${(LAYERS * LAYER_BYTES) >> 20} MiB in ${LAYERS} layers; the two registries took ${requests.join(' and ')} ` +
        'of its requests that write.',
    );
  });

  t.test('it is pulled by its digest, by several at once', async (t) => {
    const pulls = site.clients.map(async (client) => {
      const folder = `/run/site/pulled/${client.name}`;
      mkdirSync(folder, { recursive: true });
      const from = [...skopeo, '-q', '--src-cert-dir', trusted, `${name}@${digest}`, `dir:${folder}`];
      await client.must(from, { env: { TMPDIR: site.folder(`tmp-${client.name}`) } });
      const sums = layers.map((layer) => sha256(readFileSync(join(folder, layer))));
      const manifest = `sha256:${sha256(readFileSync(join(folder, 'manifest.json')))}`;
      rmSync(folder, { recursive: true });
      return { sums, manifest };
    });
    for (const { sums, manifest } of await Promise.all(pulls)) {
      t.same(sums, layers);
      t.equal(manifest, digest);
    }
    const requests = served(/"GET \/v2\/library\/big\/blobs/g);
    t.ok(
      requests.every((count) => count > 0),
      `each from both registries: ${requests}`,
    );
    seen.add(
      `${PULLS} clients pulled it by its digest at once, each layer byte-exact; blobs from each registry: ${requests.join(' and ')}.`,
    );
  });

  t.test('a pull of a digest that is not there fails, and says so', async (t) => {
    const nothing = `${name}@sha256:${'0'.repeat(64)}`;
    const { code, stderr } = await site
      .client(0)
      .run([...skopeo, '--src-cert-dir', trusted, nothing, 'dir:/run/nothing']);
    t.not(code, 0);
    t.match(stderr, /manifest unknown/);
  });

  function stored(): readonly string[] {
    const folder = '/run/site/storage/docker/registry/v2/repositories/library/big/_layers/sha256';
    return readdirSync(folder)
      .filter((layer) => layers.includes(layer))
      .sort((a, b) => layers.indexOf(a) - layers.indexOf(b));
  }

  /** An image in the layout of OCI: random bytes, which nothing compresses. */
  function writeImage(folder: string): { layers: readonly string[]; digest: string } {
    const blobs = site.folder('image/blobs/sha256');
    const put = (bytes: Buffer) => {
      writeFileSync(join(blobs, sha256(bytes)), bytes);
      return { digest: `sha256:${sha256(bytes)}`, size: bytes.length };
    };
    const diffs: string[] = [];
    const described = Array.from({ length: LAYERS }, () => {
      const bytes = randomBytes(LAYER_BYTES);
      diffs.push(`sha256:${sha256(bytes)}`);
      return { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...put(gzipSync(bytes, { level: 0 })) };
    });
    const json = (value: object) => Buffer.from(JSON.stringify(value));
    const config = put(json({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffs } }));
    const mediaType = 'application/vnd.oci.image.config.v1+json';
    const manifest = put(json({ schemaVersion: 2, config: { mediaType, ...config }, layers: described }));
    const entry = { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest };
    writeFileSync(join(folder, 'index.json'), json({ schemaVersion: 2, manifests: [entry] }));
    writeFileSync(join(folder, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
    return { layers: described.map((layer) => layer.digest.replace('sha256:', '')), digest: manifest.digest };
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
