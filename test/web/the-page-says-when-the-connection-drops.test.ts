import t from 'tap';
import { chromiumPath, NO_CHROMIUM } from '../fixtures/chromium.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { statusPage } from '../fixtures/status-page.ts';

const skip = chromiumPath === undefined && NO_CHROMIUM;
t.setTimeout(120_000);

t.test('it says since when nothing is known, and goes on when the process is back', { skip }, async (t) => {
  const { open, close, restart, change } = await statusPage(t, [serviceSnapshot()]);
  const page = await open();
  await close();
  const connection = page.getByRole('status');
  await connection.filter({ hasText: /^connection lost, this is of \d\d:\d\d:\d\d; trying again$/ }).waitFor();
  t.ok(await page.locator('body.stale .matrix').count(), 'what is shown is marked as old');
  await restart();
  await connection.filter({ hasText: 'live' }).waitFor();
  change([serviceSnapshot({ backends: [backendSnapshot({ active: 12 })] })]);
  await page.getByText('12 sessions', { exact: true }).waitFor();
  t.equal(await page.locator('body.stale').count(), 0);
});

t.test('a seventeenth page waits for a place, and takes it', { skip }, async (t) => {
  const { open, url } = await statusPage(t, [serviceSnapshot()]);
  const aborts = Array.from({ length: 16 }, () => new AbortController());
  await Promise.all(aborts.map(({ signal }) => fetch(`${url}events`, { signal })));
  const opening = open();
  let opened = false;
  void opening.then(() => {
    opened = true;
  });
  const refused = await fetch(`${url}events`);
  t.equal(refused.status, 503);
  await refused.text();
  t.notOk(opened);
  for (const abort of aborts.slice(0, 4)) abort.abort();
  const page = await opening;
  t.ok(await page.getByRole('heading', { name: 'The only backend is up' }).isVisible());
  for (const abort of aborts) abort.abort();
});
