// One node in all its services: state and since when, what its health check says, what it carries, its last ends.

import type { PageBackend, PageMessage } from '../src/control/page-message.ts';
import { Badge } from './badge.ts';
import { type ChartKind, KINDS, SmallChart } from './chart.ts';
import { el, setText } from './dom.ts';
import { Ends } from './ends.ts';
import { count, span } from './format.ts';
import { Past } from './past.ts';
import { stateOf, whyOf } from './state.ts';
import type { View } from './view.ts';

const CHARTS = Object.keys(KINDS) as readonly ChartKind[];

export class NodePage implements View {
  readonly title: string;
  readonly element: HTMLElement;
  readonly heading: HTMLElement;
  readonly #node: string;
  readonly #about = el('p', { class: 'lead' });
  readonly #list = el('div', { class: 'cards' });
  readonly #cards = new Map<string, Card>();
  readonly #ends: Ends;
  readonly #past: Past;
  #last: PageMessage | undefined;

  constructor(node: string) {
    this.#node = node;
    this.title = node;
    this.heading = el('h1', { class: 'node-name', tabindex: '-1' }, node);
    this.#ends = new Ends(node);
    const back = el('p', { class: 'back' }, el('a', { href: '#/' }, '← all services'));
    this.element = el('div', {}, back, this.heading, this.#about, this.#list, this.#ends.element);
    this.#past = new Past(node, () => {
      if (this.#last !== undefined) this.update(this.#last);
    });
  }

  update(message: PageMessage): void {
    this.#last = message;
    this.#past.accept(message);
    const own = message.services.flatMap(({ service, backends }) => {
      const backend = backends.find(({ node }) => node === this.#node);
      return backend === undefined ? [] : [{ service, backend }];
    });
    const up = own.filter(({ backend }) => stateOf(backend) === 'up').length;
    const sessions = own.reduce((sum, { backend }) => sum + backend.point[0], 0);
    const standing = `up in ${up} of ${own.length} services, ${count(sessions)} sessions`;
    setText(this.#about, own.length === 0 ? 'There is no node of this name in the configuration.' : standing);
    const services = new Set(own.map(({ service }) => service));
    for (const [service, card] of this.#cards) {
      if (services.has(service)) continue;
      card.close();
      this.#cards.delete(service);
    }
    for (const { service, backend } of own) {
      let card = this.#cards.get(service);
      if (card === undefined) {
        card = new Card(service, this.#node);
        this.#cards.set(service, card);
        this.#list.append(card.element);
      }
      card.update(backend, message.at, this.#past);
    }
    this.#ends.update(message);
  }

  close(): void {
    for (const card of this.#cards.values()) card.close();
  }
}

class Card {
  readonly element: HTMLElement;
  readonly #service: string;
  readonly #badge = new Badge();
  readonly #since = el('span', { class: 'about' });
  readonly #why = el('p', { class: 'why' });
  readonly #findings = el('ul', { class: 'findings' });
  readonly #facts = el('p', { class: 'about' });
  readonly #charts: readonly SmallChart[];

  constructor(service: string, node: string) {
    this.#service = service;
    this.#charts = CHARTS.map((kind) => new SmallChart(kind, `${service} on ${node}`));
    const charts = this.#charts.map(({ element }, i) =>
      el('div', { class: 'titled-chart' }, el('p', { class: 'about' }, KINDS[CHARTS[i] ?? 'sessions'].title), element),
    );
    this.element = el(
      'section',
      { class: 'card', 'aria-label': service },
      el('h2', {}, service),
      el('p', { class: 'cell-line' }, this.#badge.element, this.#since),
      this.#why,
      this.#findings,
      this.#facts,
      el('div', { class: 'card-charts' }, ...charts),
    );
  }

  update(backend: PageBackend, at: number, past: Past): void {
    const state = stateOf(backend);
    this.#badge.update(state);
    this.element.dataset['state'] = state;
    const health = backend.admin === 'ready' ? '' : `, its health is ${backend.health}`;
    setText(this.#since, `for ${span(Math.max(0, at - backend.since))}${health}`);
    setText(this.#why, whyOf(backend));
    const findings = backend.findings;
    if (this.#findings.textContent !== findings.join('')) {
      this.#findings.replaceChildren(...findings.map((line) => el('li', {}, line)));
    }
    const queued = backend.queued > 0 ? ` · ${count(backend.queued)} queued` : '';
    setText(this.#facts, `${backend.address ?? 'no address yet'} · weight ${backend.weight}${queued}`);
    const points = past.points(this.#service);
    for (const chart of this.#charts) chart.update(points);
  }

  close(): void {
    this.element.remove();
    for (const chart of this.#charts) chart.close();
  }
}
