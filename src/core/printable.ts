// Text from outside (status lines, bodies, certificate names, headers) made safe to show: no control, bidi or invisible
// character reaches a terminal, a log or a page, and none of it is long. For showing only: what was cut or escaped can't
// be read back. It doesn't escape HTML or CSV; who writes those does.

/** What may stand as it is; tested first, since nearly all text is plain. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Control, format (bidi and zero-width ones among them), surrogate, private and unassigned characters; line separators. */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]/u;

const CUT = '…';

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * `text` with everything invisible escaped (`\n`, `\x1b`, `\u{202e}`) and cut to `max` characters, the last of which is
 * then `…`. Idempotent: what is printable already and short enough comes back as it was.
 */
export function printable(text: string, max = 200): string {
  if (text.length <= max && PLAIN.test(text)) return text;
  // More than max + 1 characters are never needed, however long the text is.
  const parts = Array.from(text.slice(0, max + 1), visible);
  // Whole characters only: the cut never falls into an escape or a surrogate pair.
  let length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length <= max && text.length <= max) return parts.join('');
  while (length > max - CUT.length) length -= parts.pop()?.length ?? length;
  return parts.join('') + CUT;
}

function visible(character: string): string {
  if (!HIDDEN.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  return SHORT[character] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 4)}}`);
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
