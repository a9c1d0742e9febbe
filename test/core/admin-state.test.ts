import t from 'tap';
import { say, standing, type Word, wordFor } from '../../src/core/admin-state.ts';

type State = 'ready' | 'drain' | 'maint';
const none: readonly Word<State>[] = [];
const said = (words: readonly Word<State>[], node: string, value: State, services?: string[], file: State = 'ready') =>
  say(words, { node, value, services, file, at: 1 });
const state = (words: readonly Word<State>[], node: string, service: string) => wordFor(words, node, service)?.value;

t.test('a whole machine, and single services before it', async (t) => {
  const words = said(said(none, 'a', 'drain'), 'a', 'maint', ['https']);
  t.equal(state(words, 'a', 'https'), 'maint');
  t.equal(state(words, 'a', 'http'), 'drain');
  t.equal(state(words, 'b', 'http'), undefined);
  t.same(said(words, 'a', 'ready'), [], 'the whole machine again: what was said of single services is forgotten');
  t.same(said(words, 'a', 'drain', ['https']).length, 1, 'what the machine has anyway is no word');
});

t.test('saying what the file says is no word', async (t) => {
  t.same(said(none, 'a', 'ready'), []);
  t.same(said(none, 'a', 'drain', undefined, 'drain'), []);
  t.equal(state(said(none, 'a', 'ready', undefined, 'drain'), 'a', 'x'), 'ready', 'against the file it is one');
});

t.test('a word stands until the file says something new of the node', async (t) => {
  const words = said(said(none, 'a', 'drain'), 'b', 'maint', ['https']);
  const left = (file: Record<string, State>, services = ['https']) =>
    standing(
      words,
      (node) => file[node],
      (_node, service) => services.includes(service),
    ).map((word) => word.node);
  t.same(left({ a: 'ready', b: 'ready' }), ['a', 'b']);
  t.same(left({ a: 'maint', b: 'ready' }), ['b'], 'the file changed its mind on a');
  t.same(left({ b: 'ready' }), ['b'], 'a is gone, and new if it comes back');
  t.same(left({ a: 'ready', b: 'ready' }, []), ['a'], 'b no longer serves https');
});
