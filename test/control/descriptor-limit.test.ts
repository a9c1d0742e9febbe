import t from 'tap';
import { parseDescriptorLimit, readDescriptorLimit } from '../../src/control/descriptor-limit.ts';

const HEAD = 'Limit                     Soft Limit           Hard Limit           Units     \n';
const line = (soft: string, hard: string) =>
  `Max open files            ${soft.padEnd(20)} ${hard.padEnd(20)} files     \n`;

t.test('soft and hard limit out of the text', async (t) => {
  const others = 'Max processes             96365                96365                processes \n';
  t.same(parseDescriptorLimit(HEAD + others + line('1024', '524288') + others), { soft: 1024, hard: 524_288 });
  t.same(parseDescriptorLimit(line('20000', 'unlimited')), { soft: 20_000, hard: Number.POSITIVE_INFINITY });
});

t.test('a text that does not say', async (t) => {
  for (const text of ['', HEAD, 'Max open files', line('many', '10'), `x ${line('1', '2')}`]) {
    t.equal(parseDescriptorLimit(text), undefined);
  }
});

t.test("this process's own limit, and a file that is not there", async (t) => {
  t.equal(readDescriptorLimit('/does/not/exist'), undefined);
  const limit = readDescriptorLimit();
  if (process.platform !== 'linux') t.equal(limit, undefined);
  else t.ok(limit !== undefined && limit.soft > 0 && limit.soft <= limit.hard);
});
