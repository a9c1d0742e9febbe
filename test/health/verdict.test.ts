// Stories in a table: what the probes said, when, and what became of the backend.

import t from 'tap';
import { firstStanding, isHeld, isSpared, judge, type Outcome, type Standing } from '../../src/health/verdict.ts';

const thresholds = { rise: 2, fall: 3 };
const always = () => true;
const never = () => false;

function play(from: Standing, outcomes: readonly Outcome[], options: { at?: number; spare?: () => boolean } = {}) {
  let standing = from;
  let at = options.at ?? 0;
  const story: string[] = [];
  for (const outcome of outcomes) {
    standing = judge(standing, outcome, at, thresholds, options.spare ?? always);
    story.push(standing.health);
    at += 1000;
  }
  return { standing, story: story.join(' ') };
}

const up = play(firstStanding('up'), ['good']).standing;

t.test('the first result decides', async (t) => {
  t.equal(play(firstStanding('up'), ['hard']).story, 'down');
  t.equal(play(firstStanding('down'), ['good']).story, 'up');
  t.equal(play(firstStanding('down'), ['hard', 'slow', 'good']).story, 'down down up');
  t.equal(play(firstStanding('up'), ['slow', 'slow', 'slow']).story, 'up up down', 'slow is no clear result');
  t.equal(play(firstStanding('up'), ['slow', 'hard']).story, 'up down');
});

t.test('fall and rise', async (t) => {
  t.equal(play(up, ['hard', 'hard', 'hard']).story, 'up up down');
  t.equal(play(up, ['hard', 'hard', 'good', 'hard', 'hard', 'good']).story, 'up up up up up up', 'agreeing clears');
  const down = play(up, ['hard', 'hard', 'hard']).standing;
  t.equal(play(down, ['good', 'good'], { at: 60_000 }).story, 'down up');
  t.equal(play(down, ['good', 'hard', 'good', 'hard'], { at: 60_000 }).story, 'down down down down');
});

t.test('slow failures take out only what the pool can spare', async (t) => {
  t.equal(play(up, ['slow', 'slow', 'slow']).story, 'up up down');
  const spared = play(up, ['slow', 'slow', 'slow', 'slow'], { spare: never });
  t.equal(spared.story, 'up up up up');
  t.ok(isSpared(spared.standing, thresholds));
  t.equal(play(spared.standing, ['slow']).story, 'down', 'as soon as it can');
  const well = play(spared.standing, ['good'], { spare: never }).standing;
  t.notOk(isSpared(well, thresholds));
  t.equal(play(well, ['slow', 'slow', 'slow']).story, 'up up down', 'from the start again');
});

t.test('hard failures are not spared, and slow ones between them do not help', async (t) => {
  t.equal(play(up, ['hard', 'hard', 'hard'], { spare: never }).story, 'up up down');
  t.equal(play(up, ['slow', 'hard', 'hard', 'hard'], { spare: never }).story, 'up up up down');
  t.equal(play(up, ['slow', 'hard', 'hard']).story, 'up up down');
});

t.test('the hold grows with every time it goes down, is bounded, and forgets', async (t) => {
  const holds: number[] = [];
  let standing = up;
  let at = 0;
  for (let round = 0; round < 7; round++) {
    standing = play(standing, ['hard', 'hard', 'hard'], { at }).standing;
    const downAt = at + 2000;
    const hold = standing.heldUntil - downAt;
    holds.push(hold / 1000);
    const early = play(standing, ['good', 'good', 'good'], { at: downAt + hold - 3000 });
    t.equal(early.story, 'down down down', 'held');
    t.ok(isHeld(early.standing, thresholds));
    standing = play(early.standing, ['good'], { at: downAt + hold }).standing;
    t.equal(standing.health, 'up', 'the first good one after the hold');
    at = downAt + hold;
  }
  t.same(holds, [10, 20, 40, 80, 160, 300, 160], 'the last: only four of them were in the last 10 minutes');
  standing = play(standing, ['hard', 'hard', 'hard'], { at: at + 3_600_000 }).standing;
  t.equal(standing.heldUntil - (at + 3_602_000), 10_000, 'an hour later');
});
