import t from 'tap';
import { cpuSeconds, processTree, residentBytes } from '../../bench/proc.ts';
import { figureOf, ratio, type WorkResult } from '../../bench/results.ts';
import { spreadOf } from '../../bench/statistics.ts';

t.test('the median of an even number of rounds lies between the two in the middle', async (t) => {
  t.same(spreadOf([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 });
  t.same(spreadOf([10, 9, 1]), { median: 9, min: 1, max: 10 });
});

t.test('peers are compared round by round', async (t) => {
  const figure = (values: (number | undefined)[]) =>
    figureOf(values.map((value) => ({ value, beside: {}, errors: '' })));
  // The machine was twice as slow in the second round: the ratio stays what it is.
  const peers = { ours: figure([1, 2, 1]), theirs: figure([2, 4, 2]), none: figure([undefined]) };
  const work: WorkResult = { name: 'w', title: 'w', unit: 'µs', targets: {}, peers };
  t.equal(ratio(work, 'ours', 'theirs'), 0.5);
  t.equal(ratio(work, 'none', 'theirs'), undefined);
  t.equal(ratio(work, 'ours', 'absent'), undefined);
});

t.test(
  'what this process used can be read',
  { skip: process.platform === 'linux' ? false : 'no /proc here' },
  async (t) => {
    const before = cpuSeconds([process.pid]);
    while (cpuSeconds([process.pid]) < before + 0.05); // It ends because time is counted.
    t.ok(residentBytes([process.pid]) > 1e6);
    t.ok(processTree(process.ppid).includes(process.pid), 'a child belongs to the tree of its parent');
  },
);
