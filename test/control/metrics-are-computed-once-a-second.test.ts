import t from 'tap';
import { manualClock } from '../fixtures/manual-clock.ts';
import { ask, pageServer } from '../fixtures/page-server.ts';

const contentType = 'text/plain';

t.test('however many ask', async (t) => {
  const clock = manualClock();
  let computed = 0;
  const metrics = { contentType, text: async () => `computed ${++computed}\n` };
  const { server, port } = await pageServer({ clock, metrics });
  const many = await Promise.all(Array.from({ length: 30 }, () => ask(port, '/metrics')));
  t.same(new Set(many.map((reply) => reply.text)), new Set(['computed 1\n']));
  await clock.advance(999);
  t.equal((await ask(port, '/metrics')).text, 'computed 1\n');
  await clock.advance(1);
  t.equal((await ask(port, '/metrics')).text, 'computed 2\n');
  await server.close();
});

t.test('who asks while it is being computed waits for it', async (t) => {
  let finish = (_text: string): void => {};
  let computed = 0;
  const metrics = {
    contentType,
    text: () => {
      computed++;
      return new Promise<string>((resolve) => {
        finish = resolve;
      });
    },
  };
  const { server, port } = await pageServer({ clock: manualClock(), metrics });
  const asked = [ask(port, '/metrics'), ask(port, '/metrics')];
  // The third comes last, so the others are in.
  await ask(port, '/healthz');
  finish('late\n');
  t.same(
    (await Promise.all(asked)).map((reply) => reply.text),
    ['late\n', 'late\n'],
  );
  t.equal(computed, 1);
  await server.close();
});

t.test('a failure is an answer and a line, and not for ever', async (t) => {
  const clock = manualClock();
  let broken = true;
  const metrics = {
    contentType,
    text: async () => {
      if (broken) throw new Error('no such thing');
      return 'fine\n';
    },
  };
  const { server, port, notices } = await pageServer({ clock, metrics });
  t.match(await ask(port, '/metrics'), { status: 500, text: /the log says why/ });
  t.match(await ask(port, '/metrics'), { status: 500 });
  t.same(notices, ['error: metrics could not be computed: no such thing'], 'one line for one failure');
  broken = false;
  await clock.advance(1000);
  t.match(await ask(port, '/metrics'), { status: 200, text: 'fine\n' });
  await server.close();
});
