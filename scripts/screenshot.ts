// Takes the picture of the status page that the documents show: the demo as it is built, some load, one node that no
// longer answers, and Debian's Chromium. It takes two minutes, since a chart needs a past.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../test/fixtures/chromium.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PICTURE = `${ROOT}docs/images/status-page.png`;
const HOST = '127.0.0.1';
const WEB_PORTS = [10080, 18000];
const TLS_PORTS = [10443, 18443, 18140, 18141, 19090, 15000];
const LOAD_MS = 100_000;
/** After the node stopped answering: its health checks must have noticed. */
const SILENT_MS = 30_000;

let clients = 0;
/** A client's own address, so that `source` has something to choose by. */
const from = (): string => `127.0.0.${2 + (clients++ % 60)}`;

function webSession(port: number): void {
  const asking = request({ host: HOST, port, path: '/', agent: false, localAddress: from() }, (answer) =>
    answer.resume(),
  );
  asking.on('error', () => {});
  asking.end();
}

function tlsSession(port: number): void {
  const socket = connect({ host: HOST, port, localAddress: from() });
  socket.on('error', () => {});
  // A hello that is none is relayed as it is, and the node ends it; some leave without a word, or in the middle of one.
  const kind = Math.random();
  if (kind < 0.85) socket.write('no hello\n');
  else if (kind < 0.95) socket.end();
  else socket.write('no', () => socket.resetAndDestroy());
  socket.resume();
  setTimeout(() => socket.destroy(), 2000 + 6000 * Math.random());
}

const demo = spawn(process.execPath, ['dist/demo/run.js'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
try {
  let said = '';
  demo.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  while (!said.includes('Ctrl-C ends it all')) {
    if (demo.exitCode !== null) throw new Error(`the demo ended: ${said}`);
    await sleep(100);
  }
  const url = /Metrics: (\S+)metrics/.exec(said)?.[1] ?? '';
  const node = Number(/proxy03 +│ \S+ +│ (\d+)/.exec(said)?.[1]);
  const waiting = Array.from({ length: 24 }, () => connect({ host: HOST, port: 15647, localAddress: from() }));
  for (const socket of waiting) socket.on('error', () => {}).write('hello\n');

  const start = Date.now();
  const load = setInterval(() => {
    const wave = 1 + 3 * Math.abs(Math.sin((Date.now() - start) / 14_000));
    for (const port of WEB_PORTS) if (Math.random() < wave / 4) webSession(port);
    for (const port of TLS_PORTS) if (Math.random() < wave / 20) tlsSession(port);
  }, 100);
  try {
    await sleep(LOAD_MS);
    // It keeps its ports and says nothing more.
    process.kill(node, 'SIGSTOP');
    await sleep(SILENT_MS);

    const browser = await launchChromium();
    const page = await browser.newPage({ viewport: { width: 1440, height: 1080 }, deviceScaleFactor: 1 });
    await page.goto(url);
    await page.locator('.matrix canvas').first().waitFor();
    // One message more, so that the charts have their past.
    await sleep(4000);
    mkdirSync(`${ROOT}docs/images`, { recursive: true });
    await page.screenshot({ path: PICTURE });
    await browser.close();
    console.log(PICTURE);
  } finally {
    clearInterval(load);
    process.kill(node, 'SIGCONT');
    for (const socket of waiting) socket.destroy();
  }
} finally {
  demo.kill('SIGTERM');
  await once(demo, 'exit');
}
