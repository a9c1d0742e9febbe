// The first view: one sentence on how things stand, four figures, the matrix, the last ends.

import type { PageMessage } from '../src/control/page-message.ts';
import { el, setAttribute, setText, shape } from './dom.ts';
import { Ends } from './ends.ts';
import { bytes, count, rate } from './format.ts';
import { Matrix } from './matrix.ts';
import { Past } from './past.ts';
import { STATES, verdict } from './state.ts';
import type { View } from './view.ts';

const SHAPES = { good: STATES.up, warn: STATES.drain, bad: STATES.down } as const;

export class Overview implements View {
  readonly title = '';
  readonly element: HTMLElement;
  readonly heading = el('h1', { class: 'verdict', tabindex: '-1' });
  readonly #shape = shape(SHAPES.good, 'shape');
  readonly #text = el('span');
  readonly #more = el('ul', { class: 'more' });
  readonly #figures = ['sessions', 'new a second', 'in a second', 'out a second'].map((name) => {
    const value = el('dd');
    return { value, element: el('div', {}, el('dt', {}, name), value) };
  });
  readonly #matrix = new Matrix();
  readonly #ends = new Ends(undefined);
  readonly #past: Past;
  #last: PageMessage | undefined;

  constructor() {
    this.#shape.setAttribute('fill-rule', 'evenodd');
    this.heading.append(this.#shape, this.#text);
    const figures = el('dl', { class: 'figures' }, ...this.#figures.map(({ element }) => element));
    const band = el('section', { class: 'band' }, el('div', {}, this.heading, this.#more), figures);
    this.element = el('div', {}, band, this.#matrix.element, this.#ends.element);
    this.#past = new Past(undefined, () => {
      if (this.#last !== undefined) this.#matrix.update(this.#last, this.#past);
    });
  }

  update(message: PageMessage): void {
    this.#last = message;
    this.#past.accept(message);
    const { level, text, more } = verdict(message);
    setAttribute(this.heading, 'data-level', level);
    this.#shape.firstElementChild?.setAttribute('d', SHAPES[level]);
    setText(this.#text, text);
    if (this.#more.textContent !== more.join('')) this.#more.replaceChildren(...more.map((line) => el('li', {}, line)));
    const totals = [0, 1, 2, 3].map((index) =>
      message.services.reduce((sum, { point }) => sum + (point[index] ?? 0), 0),
    );
    const texts = [count, rate, bytes, bytes].map((format, index) => format(totals[index] ?? 0));
    for (const [index, { value }] of this.#figures.entries()) setText(value, texts[index] ?? '');
    this.#matrix.update(message, this.#past);
    this.#ends.update(message);
  }

  close(): void {
    this.#matrix.close();
  }
}
