// What every view of the page is: an element that follows the messages until it is closed.

import type { PageMessage } from '../src/control/page-message.ts';

export interface View {
  /** For the window's title; empty: the process's name alone. */
  readonly title: string;
  readonly element: HTMLElement;
  /** Gets the focus when somebody goes to this view. */
  readonly heading: HTMLElement;
  update(message: PageMessage): void;
  close(): void;
}
