import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import { healthProblems } from '../../src/health/health-problems.ts';
import { serviceConfig } from '../fixtures/balancer.ts';
import { healthConfig } from '../fixtures/health-config.ts';

t.test('files that are there and good are no problem, and every other one is, at once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'chargehand-files-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const authority = await makeAuthority();
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.certificate);
  const missing = join(folder, 'missing.pem');
  const problems = healthProblems([
    serviceConfig({ name: 'none' }),
    serviceConfig({ name: 'good', health: healthConfig({ type: 'tls', ca }) }),
    serviceConfig({ name: 'missing', health: healthConfig({ type: 'tls', ca: missing }) }),
    serviceConfig({ name: 'half', health: healthConfig({ type: 'tls', cert: ca }) }),
    serviceConfig({
      name: 'path',
      health: healthConfig({
        type: 'http',
        expect: { status: [], contains: undefined, json: { 'a..b': { notEmpty: true } } },
      }),
    }),
  ]);
  t.same(problems, [
    { path: 'services.missing.health', message: `ca ${missing} can't be read: no such file` },
    { path: 'services.half.health', message: 'cert without key' },
    {
      path: 'services.path.health',
      message: 'expect.json: a..b is no path: write keys with dots between, or $ for the whole',
    },
  ]);
});
