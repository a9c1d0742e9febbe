import t from 'tap';
import { printable } from '../../src/core/printable.ts';

t.test('plain text comes back as it was', async (t) => {
  t.equal(printable('HTTP/1.1 200 OK'), 'HTTP/1.1 200 OK');
  t.equal(printable(''), '');
  t.equal(printable('Größe 10 → 20, 日本語, 😀'), 'Größe 10 → 20, 日本語, 😀');
});

t.test('what a terminal would obey or hide is escaped', async (t) => {
  const cases: readonly [string, string][] = [
    ['\x1b[31mred', '\\x1b[31mred'],
    ['a\nb\r\tc\0', 'a\\nb\\r\\tc\\x00'],
    ['\x7f', '\\x7f'],
    // C1: one byte of CSI for some terminals.
    ['\x9b31m', '\\x9b31m'],
    // Bidi: an embedding, an override, an isolate, a mark.
    ['\u202Aa\u202Eb\u2066c\u200E\u061C', '\\u{202a}a\\u{202e}b\\u{2066}c\\u{200e}\\u{061c}'],
    ['zero\u200Bwidth\uFEFF', 'zero\\u{200b}width\\u{feff}'],
    ['line\u2028para\u2029', 'line\\u{2028}para\\u{2029}'],
    ['tag\u{E0041}', 'tag\\u{e0041}'],
    ['half\uD800', 'half\\u{d800}'],
  ];
  for (const [text, expected] of cases) t.equal(printable(text), expected);
});

t.test('no text is longer than asked for, and no escape is cut in two', async (t) => {
  t.equal(printable('x'.repeat(200)).length, 200);
  t.equal(printable('x'.repeat(201)), `${'x'.repeat(199)}…`);
  t.equal(printable('\x1b'.repeat(10), 10), '\\x1b\\x1b…');
  t.equal(printable('abcdefg\x1b', 10), 'abcdefg…');
  t.equal(printable('😀😀😀', 4), '😀…');
  t.equal(printable('y'.repeat(1_000_000), 50).length, 50);
  for (let max = 1; max < 30; max++) t.ok(printable('a\x1b\u202E😀b\n'.repeat(9), max).length <= max, `max ${max}`);
});

t.test('made printable twice is the same as once', async (t) => {
  for (const text of ['a\x1b\u202E😀b\n'.repeat(40), 'x'.repeat(300), '\\x1b', '\n']) {
    const once = printable(text, 60);
    t.equal(printable(once, 60), once);
    t.equal(printable(once, 1000), once);
  }
});
