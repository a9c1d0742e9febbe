import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { StateFile } from '../../src/control/state-file.ts';

const NEWER = '{"chargehand":"operator","version":7,"states":[]}\n';
const WORD = { node: 'a', service: undefined, value: 'drain', file: 'ready', since: 5 } as const;
const WORDS = { states: [WORD], weights: [{ node: 'b', service: 'https', value: 7, file: 1, since: 6 }] };

t.test('what was saved is loaded, and nothing else is left in the folder', async (t) => {
  const folder = t.testdir({});
  const path = join(folder, 'state.json');
  t.equal(await new StateFile(path).save(WORDS), undefined);
  t.match(await new StateFile(path).load(), { ...WORDS, warning: undefined });
  t.same(readdirSync(folder), ['state.json']);
});

t.test('there is none yet', async (t) => {
  const path = join(t.testdir({}), 'state.json');
  t.same(await new StateFile(path).load(), { states: [], weights: [], warning: undefined });
});

t.test('a torn file, at every length, is told and passed over; the next save makes it whole', async (t) => {
  const path = join(t.testdir({}), 'state.json');
  await new StateFile(path).save(WORDS);
  const whole = readFileSync(path, 'utf8');
  for (const length of [0, 24, 30, whole.length >> 1, whole.trimEnd().length - 1]) {
    writeFileSync(path, whole.slice(0, length));
    const file = new StateFile(path);
    const kept = await file.load();
    t.same(kept.states, []);
    t.match(kept.warning, /state\.json is damaged: what the operator set before is forgotten/, `${length} bytes`);
    t.equal(await file.save(WORDS), undefined);
    t.equal(readFileSync(path, 'utf8'), whole);
  }
});

t.test("somebody else's file is neither read nor written over", async (t) => {
  const path = join(t.testdir({ 'state.json': '{"serials": 1}' }), 'state.json');
  const file = new StateFile(path);
  t.match((await file.load()).warning, /is not a file of ours: it is left alone/);
  t.match(await file.save(WORDS), /not this version's file/);
  t.equal(readFileSync(path, 'utf8'), '{"serials": 1}');
});

t.test('a folder that can not be written is told, and nothing fails', async (t) => {
  const folder = join(t.testdir({}), 'none');
  t.match(await new StateFile(join(folder, 'state.json')).save(WORDS), /\S/);
  t.notOk(existsSync(folder));
  mkdirSync(folder);
  chmodSync(folder, 0o700);
  t.equal(await new StateFile(join(folder, 'state.json')).save(WORDS), undefined);
});

t.test('what another version wrote is left for it, after a step back', async (t) => {
  const path = join(t.testdir({ 'state.json': NEWER }), 'state.json');
  const file = new StateFile(path);
  const { states, warning } = await file.load();
  t.same(states, []);
  t.match(warning, /written by another version of chargehand: it is left alone/);
  t.match(await file.save(WORDS), /not kept over a restart/);
  t.equal(readFileSync(path, 'utf8'), NEWER);
});
