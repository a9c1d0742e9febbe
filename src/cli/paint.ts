// Colour for a terminal, and none where there is none.

import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';
export type Paint = (style: Style, text: string) => string;

/** `color`: whether stdout is a terminal that wants it. */
export function paintFor(color: boolean): Paint {
  // Node would look at its own stdout otherwise; the host has looked already.
  return color ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}
