import t from 'tap';
import { chromiumPath, NO_CHROMIUM } from '../fixtures/chromium.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { sessionRecord } from '../fixtures/session-record.ts';
import { SERVICES, statusPage } from '../fixtures/status-page.ts';

const skip = chromiumPath === undefined && NO_CHROMIUM;
t.setTimeout(120_000);

t.test('services × nodes: word, shape, reason, note, sessions', { skip }, async (t) => {
  const { open, complaints, elsewhere } = await statusPage(t);
  const page = await open();
  const cells = (service: string) =>
    page
      .getByRole('row')
      .filter({ has: page.getByRole('rowheader', { name: service, exact: false }) })
      .getByRole('cell');
  const https = await cells('https').allInnerTexts();
  t.match(https[0], /^up\s+7 sessions/);
  t.match(https[1], /^down\s+0 sessions[\s\S]*connect to 192\.0\.2\.12:443: refused/);
  t.match(https[2], /^up[\s\S]*kept although slow/);
  const puppet = await cells('*:8140').allInnerTexts();
  t.match(puppet[1], /^drain\s+1 session\b/);
  t.match(puppet[2], /^maint/);
  const ca = await cells('puppet-ca').allInnerTexts();
  t.same(ca.slice(1, 3), ['–', '–'], 'of a pinned service only its node shows a state');
  const shapes = await page
    .locator('.badge')
    .evaluateAll((badges) =>
      badges.map((badge) => [badge.textContent, badge.querySelector('path')?.getAttribute('d')]),
    );
  const byWord = new Map(shapes.map(([word, path]) => [word, path]));
  t.same([...byWord.keys()].sort(), ['down', 'drain', 'maint', 'up']);
  t.equal(new Set(byWord.values()).size, byWord.size, 'every state has a shape of its own, not a colour alone');
  t.equal(await page.getByRole('heading', { level: 1 }).innerText(), '1 of 7 backends is down');
  t.ok((await page.locator('.matrix canvas').count()) === 9, 'three charts a service');
  t.equal(await page.title(), 'lb.example.net · chargehand');
  t.same(complaints, [], 'no error, no breach of the policy');
  t.same(elsewhere, [], 'nothing was asked of anybody else');
});

t.test('it moves with each message, and what was there stays in place', { skip }, async (t) => {
  const { open, change } = await statusPage(t);
  const page = await open();
  await page.locator('.matrix').evaluate((table) => table.setAttribute('data-mark', 'the same'));
  const [https, puppet, ca] = SERVICES;
  if (https === undefined || puppet === undefined || ca === undefined) throw new Error('three services');
  const { backends } = ca;
  change([
    { ...https, backends: https.backends.map((b) => ({ ...b, health: 'up' as const, active: 42 })) },
    puppet,
    {
      ...ca,
      pinned: { node: 'proxy01', up: false },
      backends: backends.map((b) => ({ ...b, health: 'down' as const })),
    },
  ]);
  await page.getByRole('heading', { name: 'puppet-ca: its only node proxy01 is down' }).waitFor();
  t.match(await page.locator('.matrix').innerText(), /42 sessions/);
  t.equal(await page.locator('.matrix').getAttribute('data-mark'), 'the same');
  change([serviceSnapshot({ failingOpen: true, backends: [backendSnapshot({ health: 'down' })] })]);
  await page.getByRole('heading', { name: /https fails open/ }).waitFor();
  t.equal(await page.getByRole('rowheader').count(), 1, 'a service that a reload took away is gone');
});

t.test('a node has a page of its own', { skip }, async (t) => {
  const { open, history, complaints, change } = await statusPage(t, [
    serviceSnapshot({
      backends: [
        backendSnapshot(),
        backendSnapshot({
          node: 'proxy02',
          address: '192.0.2.12:443',
          findings: ['certificate expires on 2026-02-01'],
        }),
      ],
    }),
  ]);
  history().sessionEnded(sessionRecord({ node: 'proxy02', end: 'backend-reset' }));
  history().sessionEnded(sessionRecord({ node: 'proxy01' }));
  const page = await open();
  await page.getByRole('link', { name: 'proxy02' }).click();
  await page.getByRole('heading', { level: 1, name: 'proxy02' }).waitFor();
  const card = page.getByRole('region', { name: 'https' });
  t.match(await card.innerText(), /up[\s\S]*certificate expires on 2026-02-01[\s\S]*192\.0\.2\.12:443 · weight 1/);
  t.equal(await card.locator('canvas').count(), 3);
  change([serviceSnapshot()]);
  await page.getByText('There is no node of this name').waitFor();
  await page.getByRole('link', { name: 'all services' }).click();
  await page.getByRole('heading', { name: 'The only backend is up' }).waitFor();
  const direct = await open('#/nodes/proxy%2002%3Cb%3E');
  t.equal(await direct.getByRole('heading', { level: 1 }).innerText(), 'proxy 02<b>');
  t.same(complaints, []);
});

t.test('the last ends of sessions, by reason', { skip }, async (t) => {
  const { open, history } = await statusPage(t);
  for (let i = 0; i < 110; i++) {
    history().sessionEnded(
      sessionRecord({ end: i % 10 === 0 ? 'dial-failed' : 'completed', client: `192.0.2.9:${i}` }),
    );
  }
  const page = await open();
  const ends = page.locator('.ends tbody tr');
  t.equal(await ends.count(), 100);
  t.match(await ends.first().innerText(), /completed[\s\S]*192\.0\.2\.9:109/);
  await page.getByRole('button', { name: 'dial-failed 10' }).click();
  t.equal(await ends.count(), 10);
  t.equal(await page.getByRole('button', { name: 'dial-failed 10' }).getAttribute('aria-pressed'), 'true');
  await page.getByRole('button', { name: 'all 100' }).click();
  t.equal(await ends.count(), 100);
});

t.test('what comes from outside is text, whatever it looks like', { skip }, async (t) => {
  const evil = '<img src=x onerror="document.title=1"><script>alert(1)</script>';
  const { open, complaints, history } = await statusPage(t, [
    serviceSnapshot({ backends: [backendSnapshot({ health: 'down', reason: evil, note: evil, findings: [evil] })] }),
  ]);
  history().sessionEnded(sessionRecord({ client: evil }));
  const page = await open();
  t.match(await page.locator('.matrix .why').innerText(), '<img src=x');
  t.match(await page.locator('.ends').innerText(), '<script>alert(1)</script>');
  await page.getByRole('link', { name: 'proxy01' }).click();
  await page.locator('.findings li').waitFor();
  t.equal(await page.locator('main img, main script').count(), 0);
  t.same(complaints, []);
});

t.test('it can be held still', { skip }, async (t) => {
  const { open, change } = await statusPage(t, [serviceSnapshot()]);
  const page = await open();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('status').filter({ hasText: 'paused' }).waitFor();
  change([serviceSnapshot({ backends: [backendSnapshot({ health: 'down' })] })]);
  // What a screen reader is told comes with the same message, paused or not.
  await page.locator('#news', { hasText: 'https on proxy01: down' }).waitFor({ state: 'attached' });
  t.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'The only backend is up');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('heading', { name: 'https has no available node' }).waitFor();
});
