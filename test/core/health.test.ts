import t from 'tap';
import { type HealthState, step, type Thresholds } from '../../src/core/health.ts';

/** Plays results (`+` good, `-` bad) and tells of each what the state is then: `U` up, `D` down, `!` it flipped. */
function play(from: HealthState['health'], results: string, thresholds: Thresholds): string {
  let state: HealthState = { health: from, streak: 0 };
  return [...results]
    .map((result) => {
      const next = step(state, result === '+', thresholds);
      state = { health: next.health, streak: next.streak };
      return `${next.health === 'up' ? 'U' : 'D'}${next.flipped ? '!' : ''}`;
    })
    .join(' ');
}

t.test('rise and fall', async (t) => {
  const rows: readonly [
    story: string,
    from: 'up' | 'down',
    rise: number,
    fall: number,
    results: string,
    told: string,
  ][] = [
    ['goes down at the third failure in a row', 'up', 2, 3, '----', 'U U D! D'],
    ['comes up at the second success in a row', 'down', 2, 3, '+++', 'D U! U'],
    ['a success in between clears the failures', 'up', 2, 3, '--+--+---', 'U U U U U U U U D!'],
    ['a failure in between clears the successes', 'down', 2, 3, '+-+-++', 'D D D D D U!'],
    ['flips once, then starts counting anew', 'up', 2, 3, '---++---', 'U U D! D U! U U D!'],
    ['with thresholds of one every change flips', 'up', 1, 1, '+--+-', 'U D! D U! D!'],
    ['stays up while all is well', 'up', 2, 3, '+++', 'U U U'],
    ['stays down while nothing is', 'down', 2, 3, '---', 'D D D'],
  ];
  for (const [story, from, rise, fall, results, told] of rows)
    t.equal(play(from, results, { rise, fall }), told, story);
});

t.test('the streak counts only results that disagree, and starts at nought after a flip', async (t) => {
  const thresholds = { rise: 2, fall: 3 };
  t.strictSame(step({ health: 'up', streak: 0 }, false, thresholds), { health: 'up', streak: 1, flipped: false });
  t.strictSame(step({ health: 'up', streak: 2 }, true, thresholds), { health: 'up', streak: 0, flipped: false });
  t.strictSame(step({ health: 'up', streak: 2 }, false, thresholds), { health: 'down', streak: 0, flipped: true });
  t.strictSame(step({ health: 'down', streak: 1 }, true, thresholds), { health: 'up', streak: 0, flipped: true });
});

t.test('a threshold lowered by a reload below the streak flips at the next result', async (t) => {
  const lowered = { rise: 1, fall: 2 };
  t.strictSame(step({ health: 'up', streak: 2 }, false, lowered), { health: 'down', streak: 0, flipped: true });
});

t.test('the state that goes in is left as it was', async (t) => {
  const state = Object.freeze({ health: 'up', streak: 2 } as const);
  t.doesNotThrow(() => step(state, false, { rise: 2, fall: 3 }));
  t.strictSame(state, { health: 'up', streak: 2 });
});
