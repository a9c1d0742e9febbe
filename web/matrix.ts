// Services × nodes: one row a service, one column a node, the charts at the row's end. Built once for a set of services
// and nodes and then only brought up to date, so that nobody's place on the page is lost.

import type { PageBackend, PageMessage, PageService } from '../src/control/page-message.ts';
import { Badge } from './badge.ts';
import { type ChartKind, KINDS, SmallChart } from './chart.ts';
import { el, setAttribute, setText } from './dom.ts';
import { bytes, count, rate } from './format.ts';
import type { Past } from './past.ts';
import { type State, stateOf, whyOf } from './state.ts';

const CHARTS = Object.keys(KINDS) as readonly ChartKind[];

export class Matrix {
  readonly element = el('div', {
    class: 'scroller',
    tabindex: '0',
    role: 'region',
    'aria-label': 'Services and nodes',
  });
  #shape = '';
  #rows: readonly Row[] = [];
  #heads: readonly NodeHead[] = [];

  update(message: PageMessage, past: Past): void {
    const nodes = [...new Set(message.services.flatMap(({ backends }) => backends.map(({ node }) => node)))];
    const wanted = JSON.stringify([nodes, message.services.map(({ service }) => service)]);
    if (wanted !== this.#shape) this.#build(nodes, message.services);
    this.#shape = wanted;
    for (const head of this.#heads) head.update(message.services);
    for (const [i, service] of message.services.entries()) this.#rows[i]?.update(service, past);
  }

  close(): void {
    for (const row of this.#rows) row.close();
  }

  #build(nodes: readonly string[], services: readonly PageService[]): void {
    this.close();
    this.#heads = nodes.map((node) => new NodeHead(node));
    this.#rows = services.map(({ service }) => new Row(service, nodes));
    const heads = [
      el('th', { scope: 'col', role: 'columnheader' }, 'service'),
      ...this.#heads.map(({ element }) => element),
      ...CHARTS.map((kind) => el('th', { scope: 'col', role: 'columnheader', class: 'chart-head' }, KINDS[kind].title)),
    ];
    // The roles are a table's own; written out, they survive the layout for narrow screens.
    const table = el(
      'table',
      { class: 'matrix', role: 'table' },
      el('caption', { class: 'unseen' }, 'State of every node in every service; charts of the last 10 minutes'),
      el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...heads)),
      el('tbody', { role: 'rowgroup' }, ...this.#rows.map(({ element }) => element)),
    );
    this.element.replaceChildren(table);
  }
}

class NodeHead {
  readonly element: HTMLElement;
  readonly #node: string;
  readonly #about = el('span', { class: 'about' });

  constructor(node: string) {
    this.#node = node;
    const link = el('a', { href: `#/nodes/${encodeURIComponent(node)}` }, node);
    this.element = el('th', { scope: 'col', role: 'columnheader' }, link, this.#about);
  }

  update(services: readonly PageService[]): void {
    const own = services.flatMap(({ backends }) => backends.filter(({ node }) => node === this.#node));
    const up = own.filter((backend) => stateOf(backend) === 'up').length;
    const sessions = own.reduce((sum, { point }) => sum + point[0], 0);
    const states = up === own.length ? 'all up' : `${up} of ${own.length} up`;
    setText(this.#about, `${states} · ${count(sessions)} sessions`);
  }
}

class Row {
  readonly element: HTMLElement;
  readonly #about = el('span', { class: 'about' });
  readonly #alarm = el('span', { class: 'alarm' });
  readonly #cells: ReadonlyMap<string, Cell>;
  readonly #charts: readonly SmallChart[];

  constructor(service: string, nodes: readonly string[]) {
    this.#cells = new Map(nodes.map((node) => [node, new Cell(node)]));
    this.#charts = CHARTS.map((kind) => new SmallChart(kind, service));
    const name = el('span', { class: 'service-name' }, service);
    this.element = el(
      'tr',
      { role: 'row' },
      el('th', { scope: 'row', role: 'rowheader' }, name, this.#about, this.#alarm),
      ...[...this.#cells.values()].map(({ element }) => element),
      ...this.#charts.map(({ element, title }) =>
        el('td', { role: 'cell', class: 'chart-cell', 'data-title': title }, element),
      ),
    );
  }

  update(service: PageService, past: Past): void {
    const { strategy, listen, queued, point, limit, failingOpen } = service;
    const waiting = queued > 0 ? ` · ${count(queued)} queued` : '';
    setText(this.#about, `${strategy} · ${listen.join(', ')}${waiting}`);
    const full = point[0] >= limit * 0.8 ? `${count(point[0])} of ${count(limit)} sessions` : '';
    setText(this.#alarm, [failingOpen ? 'failing open' : '', full].filter((text) => text !== '').join(' · '));
    const backends = new Map(service.backends.map((backend) => [backend.node, backend]));
    for (const [node, cell] of this.#cells) cell.update(backends.get(node), service);
    const points = past.points(service.service);
    for (const chart of this.#charts) chart.update(points);
  }

  close(): void {
    for (const chart of this.#charts) chart.close();
  }
}

class Cell {
  readonly element: HTMLElement;
  readonly #badge = new Badge();
  readonly #sessions = el('span', { class: 'number' });
  readonly #flow = el('span', { class: 'flow' });
  readonly #why = el('span', { class: 'why' });
  readonly #content: HTMLElement;
  readonly #none = el('span', { class: 'none' }, '–');

  constructor(node: string) {
    // On a narrow screen there are no columns: the cell says whose it is. A screen reader knows that from the head.
    const whose = el('span', { class: 'whose', 'aria-hidden': 'true' }, node);
    const line = el('span', { class: 'cell-line' }, this.#badge.element, this.#sessions);
    this.#content = el('span', { class: 'cell-content' }, whose, line, this.#flow, this.#why);
    this.element = el('td', { role: 'cell' }, this.#content);
  }

  update(backend: PageBackend | undefined, { pinned }: PageService): void {
    // Of a pinned service the other nodes are never used: they show nothing, rather than a calm "up".
    const shown = backend !== undefined && (pinned === undefined || pinned === backend.node) ? backend : undefined;
    const content = shown === undefined ? this.#none : this.#content;
    if (this.element.firstChild !== content) this.element.replaceChildren(content);
    const state: State | 'none' = shown === undefined ? 'none' : stateOf(shown);
    setAttribute(this.element, 'data-state', state);
    if (shown === undefined || state === 'none') return;
    this.#badge.update(state);
    const [sessions, begun, bytesIn, bytesOut] = shown.point;
    setText(this.#sessions, `${count(sessions)} ${sessions === 1 ? 'session' : 'sessions'}`);
    setText(this.#flow, `${rate(begun)}/s · ${bytes(bytesIn + bytesOut)}/s`);
    const why = whyOf(shown);
    setText(this.#why, why);
    setAttribute(this.#why, 'title', why);
  }
}
