import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import type { StandInPlan } from '../../demo/stand-in-process.ts';
import { ask, exchange, type Target } from '../fixtures/stand-in-client.ts';
import { ownNetwork, standInsOf } from '../fixtures/stand-ins.ts';

const NETWORK = ownNetwork();
const PORTS = {
  http: 10080,
  anaconda: 18000,
  https: 10443,
  rhsm: 18443,
  amqp: 15647,
  puppet: 18140,
  'smart-proxy': 19090,
  docker: 15000,
};
const LB = 'smartproxy.example.test';
const SIGNER: StandInPlan = { name: 'proxy01', address: `${NETWORK}.1`, lbName: LB, signs: true, ports: PORTS };
const OTHER: StandInPlan = { name: 'proxy02', address: `${NETWORK}.2`, lbName: LB, signs: false, ports: PORTS };

function targetOf(plan: StandInPlan, service: string, authority: string, name = LB): Target {
  return { service, address: plan.address, port: plan.ports[service] ?? 0, authority, name };
}

t.test('a stand-in', async (t) => {
  const standIns = await standInsOf(t, [SIGNER, OTHER]);
  await Promise.all([standIns.start('proxy01'), standIns.start('proxy02')]);
  const askOf = (plan: StandInPlan, service: string, path: string) =>
    ask(targetOf(plan, service, standIns.authority), path);

  t.test('says its name on every HTTP port', async (t) => {
    for (const service of Object.keys(PORTS).filter((name) => name !== 'amqp')) {
      const { response, body } = await askOf(OTHER, service, '/');
      t.match({ status: response.statusCode, body }, { status: 200, body: 'proxy02\n' }, service);
    }
  });

  t.test('answers the probe paths as a healthy node does', async (t) => {
    const json = async (service: string, path: string) => JSON.parse((await askOf(SIGNER, service, path)).body);
    t.match(await json('smart-proxy', '/features'), ['logs', 'openscap', 'puppet', 'pulpcore', 'registration']);
    t.match(await json('smart-proxy', '/version'), { version: /^\d/, modules: { registration: /^\d/ } });
    t.match(await json('anaconda', '/features'), { length: Number });
    t.same(await json('anaconda', '/unattended/templateServer'), { templateServer: `http://${LB}:18000` });
    const pulp = await json('https', '/pulp/api/v3/status/');
    t.match(pulp, { database_connection: { connected: true }, storage: { free: Number } });
    t.ok(pulp.online_content_apps.length > 0);
    t.equal((await askOf(SIGNER, 'puppet', '/status/v1/simple')).body, 'running');
    for (const service of ['http', 'https']) {
      t.equal((await askOf(SIGNER, service, '/pub/katello-server-ca.crt')).body, standIns.authority, service);
    }
  });

  t.test('asks for a token of the balanced name at its registry', async (t) => {
    const { response } = await askOf(SIGNER, 'https', '/v2/');
    t.equal(response.statusCode, 401);
    t.equal(response.headers['docker-distribution-api-version'], 'registry/2.0');
    t.match(response.headers['www-authenticate'], `realm="https://${LB}:10443/v2/token"`);
  });

  t.test('shows the CA of Puppet on the node that signs only', async (t) => {
    t.match((await askOf(SIGNER, 'puppet', '/puppet-ca/v1/certificate/ca')).body, 'BEGIN CERTIFICATE');
    t.equal((await askOf(OTHER, 'puppet', '/puppet-ca/v1/certificate/ca')).response.statusCode, 404);
  });

  t.test('does not know anything else', async (t) => {
    for (const [service, path] of [
      ['http', '/features'],
      ['rhsm', '/rhsm/status'],
      ['https', '/pub/'],
      ['puppet', '/bytes/x'],
    ] as const) {
      t.equal((await askOf(SIGNER, service, path)).response.statusCode, 404, `${service} ${path}`);
    }
  });

  t.test('has a certificate for its own name and the balanced one, and for no other', async (t) => {
    for (const name of [LB, 'proxy01.example.test']) {
      const { response } = await ask(targetOf(SIGNER, 'https', standIns.authority, name), '/');
      t.equal(response.statusCode, 200, name);
    }
    const wrong = ask(targetOf(SIGNER, 'https', standIns.authority, 'proxy02.example.test'), '/');
    await t.rejects(wrong, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  t.test('sends seeded bytes, and lines back', async (t) => {
    for (const service of ['http', 'smart-proxy', 'amqp']) {
      const seen = await exchange(targetOf(SIGNER, service, standIns.authority), 300_001, 'a-seed');
      t.match(seen, { node: 'proxy01', fault: '' }, service);
    }
  });

  t.test('survives a client that resets in the middle of the bytes, of a handshake, of a line', async (t) => {
    for (const service of ['http', 'https', 'amqp']) {
      const socket = connect(PORTS[service as keyof typeof PORTS], SIGNER.address);
      await once(socket, 'connect');
      socket.write(service === 'http' ? 'GET /bytes/100000000 HTTP/1.1\r\nhost: x\r\n\r\n' : 'half a line');
      if (service === 'http') await once(socket, 'data');
      socket.resetAndDestroy();
      await once(socket, 'close');
      t.equal((await exchange(targetOf(SIGNER, service, standIns.authority), 10, 'after')).fault, '', service);
    }
  });
});

t.test('a stand-in that is killed refuses, and the same node starts again', async (t) => {
  const plan = { ...SIGNER, address: `${NETWORK}.3` };
  const standIns = await standInsOf(t, [plan]);
  const first = await standIns.start('proxy01');
  process.kill(first.pid, 'SIGKILL');
  t.equal(await first.ended, 'SIGKILL');
  const target = targetOf(plan, 'rhsm', standIns.authority);
  t.match(await exchange(target, 10, 'x'), { fault: /ECONNREFUSED/ });
  const second = await standIns.start('proxy01');
  t.match(await exchange(target, 10, 'x'), { node: 'proxy01', fault: '' });
  await second.close();
  t.equal(await second.ended, 'exit code 0');
  t.match(await exchange(target, 10, 'x'), { fault: /ECONNREFUSED/ });
});

t.test('a stand-in whose port is taken says which and ends', async (t) => {
  const plan = { ...SIGNER, address: `${NETWORK}.4`, ports: { http: 10080, amqp: 15647 } };
  const standIns = await standInsOf(t, [plan]);
  await standIns.start('proxy01');
  await t.rejects(standIns.start('proxy01'), { message: /^proxy01: 127\.\d+\.\d+\.4:\d+ is taken, .*ss -ltnp/ });
});
