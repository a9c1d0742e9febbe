import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import t from 'tap';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { overwriting } from '../../src/cli/screen.ts';
import type { StatusAnswer } from '../../src/control/admin-status.ts';
import { toldHost } from '../fixtures/told-host.ts';
import { until } from '../fixtures/until.ts';

const shown = (text: string, columns: number, rows: number): string[] =>
  stripVTControlCharacters(overwriting(text, { columns, rows })).trimEnd().split('\n');

t.test('a text that fits is written whole, over what stood there', async (t) => {
  t.equal(overwriting('one\ntwo\n', { columns: 80, rows: 3 }), '\x1b[Hone\x1b[K\ntwo\x1b[K\n\x1b[J');
});

t.test('of a taller one the last line says how much is missing, and nothing scrolls', async (t) => {
  t.same(shown('1\n2\n3\n4\n5\n', 80, 4), ['1', '2', '… 3 lines more']);
  t.same(shown('1\n2\n3\n4\n', 80, 4), ['1', '2', '… 2 lines more']);
  t.same(shown('1\n2\n', 80, 1), ['… 2 lines more'], 'even where there is no room for it');
});

t.test('a line that the terminal folds counts as many, colours count nothing', async (t) => {
  t.same(shown(`${'x'.repeat(25)}\n2\n3\n`, 10, 5), ['x'.repeat(25), '… 2 lines more']);
  t.same(shown(`\x1b[31m${'x'.repeat(10)}\x1b[0m\n2\n`, 10, 3), ['x'.repeat(10), '2']);
});

const ANSWER: StatusAnswer = {
  format: 1,
  at: '2026-01-01T00:00:00.000Z',
  program: {
    version: '0.0.0',
    started: '2026-01-01T00:00:00.000Z',
    relay: { kind: 'net', threads: 0 },
    predecessor: null,
  },
  config: { file: 'c.yaml', profile: null, name: null, ca_node: null, refused: null },
  sessions: { running: 0, limit: 100 },
  services: [],
};

t.test('Ctrl-C ends it, and it is done', async (t) => {
  const server = createServer((_request, response) => response.end(JSON.stringify(ANSWER)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { host, signals, out } = toldHost(['status', '--watch', '--http', url], { columns: 80, rows: 3 });
  const ending = runCommandLine(host);
  await until(() => out() !== '', 'that it shows something');
  t.match(stripVTControlCharacters(out()), /^chargehand 0\.0\.0.*\n… 2 lines more\n$/);
  t.equal(signals.listenerCount('SIGINT'), 1);
  signals.emit('SIGINT');
  t.equal(await ending, 0);
  t.equal(signals.listenerCount('SIGINT'), 0);
});
