// The status page: follows the process's event stream and shows the view that the address names. It asks, and never
// sends anything that could change something.

import 'uplot/dist/uPlot.min.css';
import './page.css';
import type { PageMessage } from '../src/control/page-message.ts';
import { byId, setText } from './dom.ts';
import { clock } from './format.ts';
import { NodePage } from './node-page.ts';
import { Overview } from './overview.ts';
import { news, standings } from './state.ts';
import { type Link, Stream } from './stream.ts';
import type { View } from './view.ts';

const main = byId('main');
const pause = byId('pause');
const connection = byId('connection');
let view: View | undefined;
let latest: PageMessage | undefined;
let known: ReadonlyMap<string, string> = new Map();
let paused = false;

function show(): void {
  const [, node] = /^#\/nodes\/(.+)$/.exec(location.hash) ?? [];
  view?.close();
  view = node === undefined ? new Overview() : new NodePage(decoded(node));
  main.replaceChildren(view.element);
  if (latest !== undefined) render(latest);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function render(message: PageMessage): void {
  view?.update(message);
  setText(byId('name'), message.name);
  setText(byId('version'), `chargehand ${message.version}`);
  document.title = [view?.title ?? '', message.name, 'chargehand'].filter((part) => part !== '').join(' · ');
}

function received(message: PageMessage): void {
  // Another version answers: its page may be another one, too.
  if (latest !== undefined && latest.version !== message.version) location.reload();
  latest = message;
  const now = standings(message);
  const told = news(known, now);
  known = now;
  if (told !== '') setText(byId('news'), told);
  if (!paused) render(message);
}

function linked(link: Link): void {
  const lost = link.kind === 'lost';
  document.body.classList.toggle('stale', lost);
  connection.dataset['kind'] = link.kind;
  const seen = latest === undefined ? '' : `, this is of ${clock(latest.at)}`;
  // Read out when it changes: so it says "live", and not the time of each message.
  setText(connection, lost ? `connection lost${seen}; trying again` : paused ? 'paused' : 'live');
}

pause.addEventListener('click', () => {
  paused = !paused;
  pause.setAttribute('aria-pressed', String(paused));
  if (!document.body.classList.contains('stale')) linked({ kind: 'live' });
  if (!paused && latest !== undefined) render(latest);
});

addEventListener('hashchange', () => {
  // Other fragments are places on this page, not views.
  if (!/^(#\/.*)?$/.test(location.hash)) return;
  show();
  view?.heading.focus();
  scrollTo(0, 0);
});

document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});

show();
new Stream(received, linked);
