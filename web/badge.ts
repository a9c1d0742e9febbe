// The state of a backend as it is shown everywhere: a shape and a word, coloured besides.

import { el, setAttribute, setText, shape } from './dom.ts';
import { STATES, type State } from './state.ts';

export class Badge {
  readonly element: HTMLElement;
  readonly #shape = shape(STATES.up, 'shape');
  readonly #word = el('span', { class: 'word' });

  constructor() {
    this.element = el('span', { class: 'badge' }, this.#shape, this.#word);
  }

  update(state: State): void {
    setText(this.#word, state);
    setAttribute(this.element, 'data-state', state);
    const path = this.#shape.firstElementChild;
    if (path !== null) setAttribute(path, 'd', STATES[state]);
    this.#shape.setAttribute('fill-rule', 'evenodd');
  }
}
