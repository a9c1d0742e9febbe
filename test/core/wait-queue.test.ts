import t from 'tap';
import { Backend } from '../../src/core/pool.ts';
import { type Waiting, WaitQueue } from '../../src/core/wait-queue.ts';
import { backendSpec } from '../fixtures/balancer.ts';

const [a, b] = ['a', 'b'].map((node) => new Backend(backendSpec(node, 1), 0)) as [Backend, Backend];
const anyone = () => true;

function guest(name: string, log: string[], reconsider: (entry: Waiting) => void = () => {}): Waiting {
  const entry: Waiting = {
    tried: [],
    proceed: (backend) => log.push(`${name} → ${backend.node}`),
    reconsider: () => {
      log.push(`${name}?`);
      reconsider(entry);
    },
  };
  return entry;
}

t.test('first come, first served; those who want one backend wait for that one', async (t) => {
  const queue = new WaitQueue(10);
  const log: string[] = [];
  for (const [name, wanted] of [['1', b], ['2'], ['3', a], ['4']] as const) queue.join(guest(name, log), wanted);
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
  queue.join(first, undefined);
  queue.join(guest('2', log), undefined);
  t.ok(queue.admit(a, (entry) => entry !== first));
  t.ok(queue.admit(b, anyone));
  t.same(log, ['2 → a', '1 → b']);
});

t.test('bounded, and whoever leaves makes room', async (t) => {
  const queue = new WaitQueue(2);
  const log: string[] = [];
  const [first, second, third] = [guest('1', log), guest('2', log), guest('3', log)];
  t.same([queue.join(first, a), queue.join(second, undefined), queue.join(third, undefined)], [true, true, false]);
  queue.leave(first);
  queue.leave(first);
  t.same([a.queued, queue.length], [0, 1], 'leaving twice counts once');
  t.ok(queue.join(third, undefined));
  t.notOk(new WaitQueue(0).join(first, undefined), 'a queue of none');
});

t.test('those whom it concerns choose anew, in their order', async (t) => {
  const queue = new WaitQueue(10);
  const log: string[] = [];
  const toB = (entry: Waiting) => queue.join(entry, b);
  for (const [name, wanted] of [['1'], ['2', b], ['3', a], ['4']] as const) queue.join(guest(name, log, toB), wanted);
  queue.reconsider((_, wanted) => wanted !== b);
  t.same(log, ['1?', '3?', '4?']);
  t.same([a.queued, b.queued, queue.forAny, queue.length], [0, 4, 0, 4], 'they wait for b now');
  log.length = 0;
  while (queue.admit(b, anyone)) {}
  t.same(log, ['1 → b', '2 → b', '3 → b', '4 → b'], 'each in the turn that it had');
  t.same([a.queued, b.queued, queue.length], [0, 0, 0]);
});

t.test('a limit that is lowered is met by newcomers; those that wait stay, in their order', async (t) => {
  const queue = new WaitQueue(10);
  const log: string[] = [];
  const again = (entry: Waiting) => t.ok(queue.join(entry, undefined));
  for (const name of ['1', '2', '3']) queue.join(guest(name, log, again), undefined);
  queue.limit = 1;
  queue.reconsider(anyone);
  t.equal(queue.length, 3);
  t.notOk(queue.join(guest('4', log), undefined));
  log.length = 0;
  while (queue.admit(a, anyone)) {}
  t.same(log, ['1 → a', '2 → a', '3 → a']);
});

t.test('nobody chooses anew whose wait was ended by the choice of another', async (t) => {
  const queue = new WaitQueue(10);
  const log: string[] = [];
  queue.join(
    guest('1', log, (entry) => {
      queue.leave(entry);
      queue.admit(a, anyone);
    }),
    undefined,
  );
  queue.join(guest('2', log), undefined);
  queue.reconsider(anyone);
  t.same(log, ['1?', '2 → a']);
});
