// An import has two files: what is wrong is told by the lines of haproxy.cfg, which is the one that people have.

import t from 'tap';
import { ConfigError, formatProblem } from '../../../src/errors.ts';
import { imported } from '../../fixtures/imported.ts';

function refusalOf(...lines: readonly string[]): string[] {
  try {
    imported(lines.join('\n'));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

t.test('an address that two services have', async (t) => {
  const [said, ...more] = refusalOf(
    '# the first line',
    'listen web',
    '  bind *:8080',
    '  server a 192.0.2.1:8080',
    '',
    'listen again',
    '  bind *:8080',
    '  server b 192.0.2.2:8080',
  );
  t.match(said, /^haproxy\.cfg:6:1: services\.again\.listen.*: can't be carried over .* service web \(line 2\)/);
  t.same(more, []);
});

t.test('a node that can have no such address', async (t) => {
  const said = refusalOf('listen web', '  bind *:8080', '  server a 192.0.2.1:8080', '  server b proxy-.x:8080');
  t.equal(said.length, 1);
  t.match(said[0], /^haproxy\.cfg:4:1: nodes\.proxy-: can't be carried over as it stands: must be an IP address/);
});

t.test('an .if without an end', async (t) => {
  const { told } = imported('global\n.if 1\nlisten web\n  bind *:8080\n  server a 192.0.2.1:8080\n');
  t.ok(told.includes('2: lost: this .if is not closed by an .endif'), told.join('\n'));
});
