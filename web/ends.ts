// The last hundred ends of sessions: how many of each reason, and each one as a row. Choosing a reason shows only its rows.

import type { PageEnd, PageMessage } from '../src/control/page-message.ts';
import { el, setText } from './dom.ts';
import { bytes, clock, span } from './format.ts';

const COLUMNS = ['ended', 'reason', 'by', 'service', 'node', 'client', 'took', 'in', 'out'] as const;
const NUMBERS: ReadonlySet<string> = new Set(['took', 'in', 'out']);

export class Ends {
  readonly element: HTMLElement;
  readonly #node: string | undefined;
  readonly #reasons = el('div', { class: 'reasons', role: 'group', 'aria-label': 'Show only one reason' });
  readonly #buttons = new Map<string, { readonly button: HTMLElement; readonly count: HTMLElement }>();
  readonly #body = el('tbody', { role: 'rowgroup' });
  readonly #title: HTMLElement;
  #chosen = '';
  #shown = '';
  #ends: readonly PageEnd[] = [];

  /** `node`: only its sessions. */
  constructor(node: string | undefined) {
    this.#node = node;
    this.#title = el('h2', { id: 'ends-title' }, node === undefined ? 'Last ends of sessions' : `Last ends on ${node}`);
    const head = COLUMNS.map((name) =>
      el('th', { scope: 'col', role: 'columnheader', ...(NUMBERS.has(name) ? { class: 'numeric' } : {}) }, name),
    );
    const table = el(
      'table',
      { class: 'ends', role: 'table', 'aria-labelledby': 'ends-title' },
      el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...head)),
      this.#body,
    );
    const scroller = el(
      'div',
      { class: 'scroller', tabindex: '0', role: 'region', 'aria-labelledby': 'ends-title' },
      table,
    );
    this.element = el('section', { class: 'ends-section' }, this.#title, this.#reasons, scroller);
  }

  update(message: PageMessage): void {
    this.#ends = message.ends.filter(({ node }) => this.#node === undefined || node === this.#node);
    this.#render();
  }

  #render(): void {
    const counts = new Map<string, number>();
    for (const { end } of this.#ends) counts.set(end, (counts.get(end) ?? 0) + 1);
    if (this.#chosen !== '' && !counts.has(this.#chosen)) this.#chosen = '';
    this.#renderReasons(new Map([['', this.#ends.length], ...[...counts].sort(([, a], [, b]) => b - a)]));
    const shown = `${this.#chosen} ${this.#ends[0]?.number}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    const rows = this.#ends.filter(({ end }) => this.#chosen === '' || end === this.#chosen).map(row);
    const nothing = el('td', { role: 'cell', colspan: String(COLUMNS.length) }, this.#nothing());
    this.#body.replaceChildren(...(rows.length > 0 ? rows : [el('tr', { role: 'row' }, nothing)]));
  }

  #nothing(): string {
    return this.#node === undefined ? 'No session has ended yet.' : 'None of the last hundred sessions ended here.';
  }

  // Buttons stay the same elements for as long as their reason is there: whoever stands on one keeps it.
  #renderReasons(counts: ReadonlyMap<string, number>): void {
    for (const [reason, { button }] of this.#buttons) {
      if (counts.has(reason)) continue;
      button.remove();
      this.#buttons.delete(reason);
    }
    for (const [reason, number] of counts) {
      let known = this.#buttons.get(reason);
      if (known === undefined) {
        const count = el('span', { class: 'count' });
        const button = el('button', { type: 'button' }, reason === '' ? 'all' : reason, ' ', count);
        button.addEventListener('click', () => {
          this.#chosen = reason;
          this.#render();
        });
        known = { button, count };
        this.#buttons.set(reason, known);
        this.#reasons.append(button);
      }
      setText(known.count, String(number));
      known.button.setAttribute('aria-pressed', String(reason === this.#chosen));
    }
  }
}

function row(end: PageEnd): HTMLElement {
  const retries = end.retries === 0 ? '' : ` after ${end.retries} ${end.retries === 1 ? 'retry' : 'retries'}`;
  const texts: Readonly<Record<(typeof COLUMNS)[number], string>> = {
    ended: clock(end.endedAt),
    reason: `${end.end}${retries}`,
    by: end.endedBy,
    service: end.service,
    node: end.node === '' ? '–' : end.node,
    client: end.client,
    took: span(end.durationMs),
    in: bytes(end.bytesIn),
    out: bytes(end.bytesOut),
  };
  const cells = COLUMNS.map((name) =>
    el('td', { role: 'cell', 'data-name': name, ...(NUMBERS.has(name) ? { class: 'numeric' } : {}) }, texts[name]),
  );
  return el('tr', { role: 'row', 'data-end': end.end }, ...cells);
}
