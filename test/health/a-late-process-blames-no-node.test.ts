import t from 'tap';
import type { Clock } from '../../src/core/clock.ts';
import { ask } from '../../src/health/ask.ts';
import type { Probe } from '../../src/health/probes/probe.ts';
import { askOnce } from '../fixtures/ask-once.ts';
import { manualClock } from '../fixtures/manual-clock.ts';
import { startServer } from '../fixtures/tcp.ts';

/** Answers only when it is given up. */
const silent: Probe = (_target, run) =>
  new Promise((resolve) => {
    run.signal.addEventListener('abort', () =>
      resolve({ ok: false, kind: 'slow', stage: 'answer', code: 'no-answer', reason: 'GET /: no answer in 3 s' }),
    );
  });
const target = { address: '127.0.0.1', port: 9 };

/** A clock whose timers fire `lateMs` after their time, as they do while the loop is busy. */
function lateClock(lateMs: number) {
  const clock = manualClock();
  const late: Clock = { ...clock, after: (ms, fn) => clock.after(ms + lateMs, fn) };
  return { clock, late };
}

t.test('a deadline in time: the node is slow', async (t) => {
  const { clock, late } = lateClock(100);
  const { result } = ask(silent, target, 3000, late);
  await clock.advance(5000);
  t.match(await result, { kind: 'slow', code: 'no-answer', seconds: 3.1 });
});

t.test('a deadline that came late itself says nothing about the node', async (t) => {
  const { clock, late } = lateClock(2200);
  const { result } = ask(silent, target, 3000, late);
  await clock.advance(6000);
  const reason = 'GET /: no answer in 3 s (but this process itself was 2.2 s late)';
  t.match(await result, { ok: false, kind: 'ours', code: 'late', reason });
});

t.test('an answer that came while this process was busy is read, although the deadline is over', async (t) => {
  const server = await startServer(t, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  });
  const served = server.accepted().then((socket) => new Promise((resolve) => socket.once('finish', resolve)));
  const asking = askOnce({ port: server.port }, { type: 'http', timeoutMs: 500 });
  await served;
  // The answer is with the kernel. Nothing else runs until the deadline is over.
  const until = performance.now() + 600;
  while (performance.now() < until);
  t.match(await asking, { ok: true });
});

t.test('a probe that fails itself is ours', async (t) => {
  const clock = manualClock();
  const { result } = ask(() => Promise.reject(new Error('bug')), target, 3000, clock);
  t.match(await result, { ok: false, kind: 'ours', reason: 'the probe itself failed: bug' });
  t.equal(clock.pending, 0);
});

t.test('to close properly has a second, which is not counted', async (t) => {
  const clock = manualClock();
  const lingering: Probe = async (_target, run) => {
    run.answered();
    await new Promise<void>((resolve) => run.signal.addEventListener('abort', () => resolve()));
    return { ok: true };
  };
  const { result } = ask(lingering, target, 3000, clock);
  t.equal(clock.next, 1000);
  await clock.advance(1000);
  t.match(await result, { ok: true, seconds: 0 });
});
