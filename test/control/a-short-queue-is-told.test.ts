import { join } from 'node:path';
import t from 'tap';
import { mostWaiting, shortQueue } from '../../src/control/kernel.ts';

t.test('a kernel that lets fewer wait than we ask for', async (t) => {
  t.match(shortQueue(4096, 128), /^net\.core\.somaxconn is 128: .* sysctl -w net\.core\.somaxconn=4096$/);
  t.equal(shortQueue(4096, 4096), undefined);
  t.equal(shortQueue(4096, 65_535), undefined);
});

t.test('what the kernel says', async (t) => {
  const folder = t.testdir({ some: '128\n', odd: 'many\n' });
  t.equal(mostWaiting(join(folder, 'some')), 128);
  t.equal(mostWaiting(join(folder, 'odd')), undefined);
  t.equal(mostWaiting(join(folder, 'none')), undefined);
  t.ok((mostWaiting() ?? 0) > 0, 'this one');
});
