import t from 'tap';
import { replaceBetween } from '../../bench/markers.ts';

const text = 'before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n';

t.test('only what stands between the markers is replaced', async (t) => {
  t.equal(replaceBetween(text, 'bench', 'new'), 'before\n<!-- bench:start -->\nnew\n<!-- bench:end -->\nafter\n');
  t.equal(replaceBetween(replaceBetween(text, 'bench', 'x') ?? '', 'bench', 'old'), text, 'again and again');
});

t.test('a document without both markers is left alone', async (t) => {
  t.equal(replaceBetween('nothing here', 'bench', 'new'), undefined);
  t.equal(replaceBetween(text, 'scale', 'new'), undefined);
  t.equal(replaceBetween('<!-- bench:start --> no end', 'bench', 'new'), undefined);
});
