import type { Page } from 'playwright-core';
import t from 'tap';
import { chromiumPath, NO_CHROMIUM } from '../fixtures/chromium.ts';
import { backendSnapshot, serviceSnapshot } from '../fixtures/service-snapshot.ts';
import { sessionRecord } from '../fixtures/session-record.ts';
import { SERVICES, statusPage } from '../fixtures/status-page.ts';

const skip = chromiumPath === undefined && NO_CHROMIUM;
t.setTimeout(120_000);
const PHONE = { viewport: { width: 360, height: 740 } };

/** What has the focus: its role or tag and text, and whether an outline shows it. */
function focused(page: Page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === null) return { text: '', outlined: false };
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const text = element.getAttribute('aria-label') ?? element.textContent ?? '';
    return { text: text.trim(), outlined: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 };
  });
}

t.test('a screen reader finds a table with heads, on a desk and on a phone', { skip }, async (t) => {
  const { open, history } = await statusPage(t);
  history().sessionEnded(sessionRecord());
  for (const options of [{}, PHONE]) {
    const page = await open('', options);
    const tree = await page.locator('body').ariaSnapshot();
    t.match(tree, /- table "State of every node in every service/);
    for (const head of ['service', 'sessions', 'new a second', 'bytes a second']) {
      t.match(tree, new RegExp(`- columnheader "${head}"`), head);
    }
    t.match(tree, /- columnheader "proxy01/);
    t.match(tree, /- rowheader "https source/);
    t.match(tree, /cell "down 0 sessions 0\/s · 0 B\/s connect to 192\.0\.2\.12:443: refused"/);
    t.match(tree, /- img "https, sessions, last 10 minutes, at most 7"/, 'a chart is a sentence');
    t.match(tree, /- status: live/);
    t.match(tree, /- main/);
    t.match(tree, /- table "Last ends of sessions"/);
    await page.close();
  }
});

t.test('everything is reached by the keyboard, and one sees where one is', { skip }, async (t) => {
  const { open, history } = await statusPage(t);
  history().sessionEnded(sessionRecord());
  const page = await open();
  const stops: string[] = [];
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab');
    const { text, outlined } = await focused(page);
    if (text === '' || (text.startsWith('Skip') && i > 0)) break;
    t.ok(outlined, `${text}: outlined`);
    stops.push(text);
  }
  t.match(stops[0], 'Skip to the services');
  for (const stop of ['Pause', 'Services and nodes', 'proxy01', 'proxy03', 'all 1', 'completed 1', 'metrics']) {
    t.ok(stops.includes(stop), `${stop} is among ${stops.join(', ')}`);
  }
  await page.goto('about:blank');
  const again = await open();
  await again.keyboard.press('Tab');
  await again.keyboard.press('Enter');
  t.equal(await again.evaluate(() => document.activeElement?.id), 'main', 'the skip link skips');
  await again.getByRole('link', { name: 'proxy02' }).focus();
  await again.keyboard.press('Enter');
  await again.getByRole('heading', { level: 1, name: 'proxy02' }).waitFor();
  t.equal((await focused(again)).text, 'proxy02', 'the new view begins at its heading');
});

t.test('a change of state is read out, numbers are not', { skip }, async (t) => {
  const { open, change } = await statusPage(t, [serviceSnapshot()]);
  const page = await open();
  const news = page.locator('#news');
  t.equal(await news.getAttribute('aria-live'), 'polite');
  change([serviceSnapshot({ backends: [backendSnapshot({ active: 500 })] })]);
  await page.getByText('500 sessions', { exact: true }).waitFor();
  t.equal(await news.textContent(), '');
  change([serviceSnapshot({ failingOpen: true, backends: [backendSnapshot({ health: 'down' })] })]);
  await page.getByRole('heading', { name: /fails open/ }).waitFor();
  t.equal(await news.textContent(), 'https on proxy01: down, https: failing open');
});

t.test('text stands out from what is behind it, by day and by night', { skip }, async (t) => {
  const { open } = await statusPage(t);
  const seen: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await open('', { colorScheme });
    const texts = await page.evaluate(contrasts);
    t.ok(texts.length > 20, `${texts.length} texts`);
    for (const { text, ratio } of texts) t.ok(ratio >= 4.5, `${colorScheme}: ${text}: ${ratio.toFixed(1)}`);
    seen.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    await page.close();
  }
  t.not(seen[0], seen[1], 'they are two');
});

t.test('a phone shows it all without moving the page sideways', { skip }, async (t) => {
  const { open, history } = await statusPage(t, SERVICES);
  for (let i = 0; i < 100; i++) history().sessionEnded(sessionRecord());
  for (const fragment of ['', '#/nodes/proxy02']) {
    const page = await open(fragment, PHONE);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    t.ok((wide ?? 0) <= (room ?? 0), `${fragment}: ${wide} of ${room}`);
    await page.close();
  }
  const page = await open('', PHONE);
  t.ok(await page.locator('.whose', { hasText: 'proxy02' }).first().isVisible(), 'each cell says whose it is');
});

/** In the page: the contrast of every text with the first background behind it, as WCAG 2 reckons it. */
function contrasts(): { text: string; ratio: number }[] {
  const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: string): number => {
    const [r = 0, g = 0, b = 0] = channels(color).map((c) => {
      const part = c / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element: Element | null): string => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (channels(backgroundColor)[3] !== 0) return backgroundColor;
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('body *')].flatMap((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim() !== '');
    if (!own || element.tagName === 'NOSCRIPT' || element.getClientRects().length === 0) return [];
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return [{ text: `${element.className} ${element.textContent}`.slice(0, 60), ratio }];
  });
}
