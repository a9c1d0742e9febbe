// The image that the Dockerfile makes: what is in it, and how it runs as Docker and Kubernetes run it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { ContainerImage, noImages } from '../fixtures/container-image.ts';
import { REPOSITORY } from '../fixtures/debian-root.ts';
import { type ContainerOptions, OciContainer } from '../fixtures/oci-container.ts';

const why = noImages();
if (why !== undefined) {
  process.stderr.write(`not tried: ${why}\n`);
  t.pass(`not tried: ${why}`);
  process.exit(0);
}

t.setTimeout(600_000);

const image = ContainerImage.build();
t.teardown(() => image.close());

const configuration = (...ports: readonly number[]): string => `version: 1
nodes: { proxy01: 127.0.0.1 }
services:
${ports.map((port) => `  port-${port}: { listen: ${port}, port: 9000 }`).join('\n')}
http: { listen: "127.0.0.1:8404" }
`;

async function start(t: Test, options: ContainerOptions): Promise<OciContainer> {
  const container = new OciContainer(image, options);
  t.teardown(() => container.close());
  return container;
}

async function status(container: OciContainer): Promise<string> {
  return readFileSync(`/proc/${await container.pid()}/status`, 'utf8');
}

/** The rights that our own files for Docker and for Kubernetes give. */
const SHAPES = { 'compose.yaml': dockersRights(), 'the DaemonSet': kubernetesRights() };

type Rights = Pick<ContainerOptions, 'capabilities' | 'noNewPrivileges'>;

function dockersRights(): Rights {
  const { cap_drop, cap_add, security_opt = [] } = parse(deployed('container/compose.yaml')).services.chargehand;
  t.same(cap_drop, ['ALL']);
  return { capabilities: named(cap_add), noNewPrivileges: security_opt.includes('no-new-privileges:true') };
}

function kubernetesRights(): Rights {
  const documents = parseAllDocuments(deployed('kubernetes/chargehand.yaml')).map((one) => one.toJS());
  const { securityContext } = documents.find(({ kind }) => kind === 'DaemonSet').spec.template.spec.containers[0];
  t.same(securityContext.capabilities.drop, ['ALL']);
  return {
    capabilities: named(securityContext.capabilities.add),
    noNewPrivileges: securityContext.allowPrivilegeEscalation === false,
  };
}

function deployed(file: string): string {
  return readFileSync(join(REPOSITORY, 'deploy', file), 'utf8');
}

function named(capabilities: readonly string[]): string[] {
  return capabilities.map((name) => `CAP_${name}`);
}

const ask = (container: OciContainer, path: string): Promise<string> =>
  container.inItsNetwork('curl', '--silent', '--show-error', '--fail', `http://127.0.0.1:8404${path}`);

/** What whoever is behind that port says first. */
const heard = async (container: OciContainer, port: number): Promise<string> => {
  const dial = `require('node:net').connect(${port}, '127.0.0.1').once('data', (d) => { process.stdout.write(d); process.exit(); })`;
  return (await container.inItsNetwork(process.execPath, '-e', dial)).trim();
};

t.test('it is nobody, and its command is the program', async (t) => {
  t.equal(image.config.User, '65532:65532');
  t.same(image.config.Entrypoint, ['/usr/bin/chargehand']);
  t.same(image.config.Cmd, ['run', '-c', '/etc/chargehand/chargehand.yaml']);
  t.equal(image.config.StopSignal, 'SIGTERM');
});

t.test('with no capability at all and a root that it cannot write', async (t) => {
  const container = await start(t, { file: configuration(8443), capabilities: [], noNewPrivileges: true });
  await container.ready();
  const said = await status(container);
  t.match(said, /^Uid:\s+65532\s+65532\s+65532\s+65532$/m);
  t.match(said, /^Gid:\s+65532\s+65532\s+65532\s+65532$/m);
  for (const set of ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb']) t.match(said, new RegExp(`^Cap${set}:\\s+0{16}$`, 'm'));
  t.match(said, /^NoNewPrivs:\s+1$/m);
  const mounts = readFileSync(`/proc/${await container.pid()}/mountinfo`, 'utf8').split('\n');
  const root = mounts.find((line) => line.split(' ')[4] === '/');
  t.match(root?.split(' ')[5], /^ro\b/, 'the root is read-only');
  await ask(container, '/healthz');
  await ask(container, '/readyz');
  await container.node(9000, 'proxy01');
  t.equal(await heard(container, 8443), 'proxy01');
  t.match(container.output, /"relay":"native"/, 'the native relay is in the image');
  t.match(await container.exec('status'), /port-8443/, "the operator's commands work by exec");
  await container.exec('drain', 'proxy01');
  t.match(await container.exec('status'), /drain/);
  await container.kill('SIGTERM');
  t.equal(await container.ended, 0);
  t.match(container.output, /chargehand has stopped/);
});

t.test('its health check asks the process, wherever the file has its ports', async (t) => {
  const file = configuration(8443).replace('8404', '9404');
  const container = await start(t, { file, capabilities: [], noNewPrivileges: true });
  await container.ready();
  t.equal(await container.isHealthy(), true);
  await container.kill('SIGSTOP');
  t.equal(await container.isHealthy(), false, 'one that hangs is not healthy');
  await container.kill('SIGCONT');
  t.equal(await container.isHealthy(), true);
});

t.test('it says what is in it', async (t) => {
  const papers = join(image.root, 'usr/share/doc/chargehand');
  const { components } = JSON.parse(readFileSync(join(papers, 'sbom.cdx.json'), 'utf8')) as {
    components: { name: string; version: string }[];
  };
  const listed = new Set(components.map(({ name, version }) => `${name} ${version}`));
  const licences = readFileSync(join(papers, 'THIRD_PARTY_LICENSES'), 'utf8');
  const licensed = [...licences.matchAll(/^== (\S+ \S+) \(/gm)].map(([, one]) => one);
  const modules = join(image.root, 'app/node_modules');
  const carried = readdirSync(modules, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|node_modules\/)(@[^/]+\/)?[^/@]+\/package\.json$/.test(path))
    .map((path) => JSON.parse(readFileSync(join(modules, path), 'utf8')) as { name: string; version: string });
  t.ok(carried.length > 9, `${carried.length} libraries`);
  for (const { name, version } of carried) {
    t.ok(listed.has(`${name} ${version}`) && licensed.includes(`${name} ${version}`), `${name} ${version}`);
  }
  t.ok(
    licensed.some((one) => one?.startsWith('uplot ')),
    'and the one that is built into the page',
  );
  t.match(readFileSync(join(papers, 'LICENSE'), 'utf8'), /^MIT License/);
});

for (const [file, shape] of Object.entries(SHAPES)) {
  t.test(`as ${file} has it: ports 80 and 443, and no other right`, async (t) => {
    t.same(shape.capabilities, ['CAP_NET_BIND_SERVICE']);
    const container = await start(t, { file: configuration(80, 443), ...shape });
    await container.ready();
    const said = await status(container);
    t.match(said, /^Uid:\s+65532\s/m);
    t.match(said, /^CapEff:\s+0000000000000400$/m);
    t.match(said, /^CapBnd:\s+0000000000000400$/m);
    await container.node(9000, 'proxy01');
    t.equal(await heard(container, 80), 'proxy01');
    t.equal(await heard(container, 443), 'proxy01');
    await container.kill('SIGTERM');
    t.equal(await container.ended, 0);
  });
}

t.test('with no new privileges the capability does not arrive: that is why those files go without', async (t) => {
  const capabilities = ['CAP_NET_BIND_SERVICE'];
  const container = await start(t, { file: configuration(443), capabilities, noNewPrivileges: true });
  t.equal(await container.ended, 1);
  t.match(container.output, /port-443.*:443/);
});

t.test('without it port 443 is named in one line, and the container ends', async (t) => {
  const container = await start(t, { file: configuration(443), capabilities: [], noNewPrivileges: true });
  t.equal(await container.ended, 1);
  const errors = container.output.split('\n').filter((line) => /443/.test(line));
  t.equal(errors.length, 1, container.output);
  t.match(errors[0], /port-443.*:443.*/);
});

t.test('a file that is not valid ends it with 78 and the place of the fault', async (t) => {
  const container = await start(t, { file: 'version: 1\n', capabilities: [], noNewPrivileges: true });
  t.equal(await container.ended, 78);
  t.match(container.output, /chargehand\.yaml:\d+:\d+: nodes: is missing/);
});

t.test('any command can be given instead', async (t) => {
  const container = await start(t, {
    file: configuration(8443),
    capabilities: [],
    noNewPrivileges: true,
    args: ['version', '--verbose'],
  });
  t.equal(await container.ended, 0);
  t.match(container.output, /^chargehand \d/);
});
