import t from 'tap';
import { Backend } from '../../src/core/pool.ts';
import { type Waiting, WaitQueue } from '../../src/core/wait-queue.ts';
import { backendSpec } from '../fixtures/balancer.ts';

const [a, b] = ['a', 'b'].map((node) => new Backend(backendSpec(node, 1), 0)) as [Backend, Backend];
const anyone = () => true;

function guest(name: string, log: string[], wanted?: Backend, queue?: WaitQueue): Waiting {
  const entry: Waiting = {
    wanted,
    tried: [],
    proceed: (backend) => log.push(`${name} → ${backend.node}`),
    reconsider: () => {
      log.push(`${name}?`);
      queue?.leave(entry);
      queue?.join(entry);
    },
  };
  return entry;
}

t.test('first come, first served; those who want one backend wait for that one', async (t) => {
  const queue = new WaitQueue(10);
  const log: string[] = [];
  for (const entry of [guest('1', log, b), guest('2', log), guest('3', log, a), guest('4', log)]) queue.join(entry);
  t.same([a.queued, b.queued, queue.length], [1, 1, 4]);
  while (queue.admit(a, anyone)) {}
  t.same(log, ['2 → a', '3 → a', '4 → a']);
  t.same([a.queued, b.queued, queue.length], [0, 1, 1]);
  t.ok(queue.admit(b, anyone));
  t.notOk(queue.admit(b, anyone));
  t.same([b.queued, queue.length], [0, 0]);
});

t.test('whoever may not use the backend is passed over and keeps its place', async (t) => {
  const queue = new WaitQueue(10);
  const log: string[] = [];
  const first = guest('1', log);
  queue.join(first);
  queue.join(guest('2', log));
  t.ok(queue.admit(a, (entry) => entry !== first));
  t.ok(queue.admit(b, anyone));
  t.same(log, ['2 → a', '1 → b']);
});

t.test('bounded, and whoever leaves makes room', async (t) => {
  const queue = new WaitQueue(2);
  const log: string[] = [];
  const [first, second, third] = [guest('1', log, a), guest('2', log), guest('3', log)];
  t.same([queue.join(first), queue.join(second), queue.join(third)], [true, true, false]);
  queue.leave(first);
  queue.leave(first);
  t.same([a.queued, queue.length], [0, 1], 'leaving twice counts once');
  t.ok(queue.join(third));
  t.notOk(new WaitQueue(0).join(first), 'a queue of none');
});

t.test('a backend goes down: those who wait for it or for any choose anew, in their order', async (t) => {
  const queue = new WaitQueue(10);
  const log: string[] = [];
  for (const entry of [
    guest('1', log, undefined, queue),
    guest('2', log, b, queue),
    guest('3', log, a, queue),
    guest('4', log, undefined, queue),
  ]) {
    queue.join(entry);
  }
  queue.reconsider(a);
  t.same(log, ['1?', '3?', '4?']);
  log.length = 0;
  while (queue.admit(a, anyone)) {}
  t.same(log, ['1 → a', '3 → a', '4 → a']);
});
