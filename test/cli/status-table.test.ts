import t from 'tap';
import { statusTable } from '../../src/cli/status-table.ts';
import type { BackendAnswer, StatusAnswer } from '../../src/control/admin-status.ts';

const AT = '2026-01-01T00:00:00.000Z';

function tableOf(backend: Partial<BackendAnswer>): string {
  const rates = { sessions_per_second: 0, bytes_in_per_second: 0, bytes_out_per_second: 0 };
  const origin = { origin: 'file', since: null } as const;
  const whole: BackendAnswer = {
    ...{ node: 'a', address: '192.0.2.1:80', health: 'down', since: AT, reason: '', note: '', findings: [], ...rates },
    ...{ admin: { ...origin, state: 'ready', ends: null }, weight: { ...origin, value: 1 } },
    ...{ sessions: 0, queued: 0, bytes_in: 0, bytes_out: 0, ...backend },
  };
  const answer: StatusAnswer = {
    ...{
      format: 1,
      at: AT,
      program: { version: '0', started: AT, relay: { kind: 'net', threads: 0 }, predecessor: null },
    },
    ...{
      config: { file: 'c.yaml', profile: null, name: null, ca_node: null, refused: null },
      sessions: { running: 0, limit: 9 },
    },
    services: [
      {
        ...{
          service: 'web',
          listen: [],
          strategy: 'roundrobin',
          sessions: 0,
          limit: 9,
          waiting: 0,
          queued: 0,
          ...rates,
        },
        ...{ failing_open: false, pinned: null, backends: [whole] },
      },
    ],
  };
  return statusTable(answer, 200, (_style, text) => text);
}

const inOneLine = (table: string): string => table.replaceAll(/\s+/g, ' ');

t.test('a node that is held down has its reason once', async (t) => {
  const reason = 'connect to 192.0.2.1:80: refused';
  const held = 'answers again, held for another 20 s (down 2 times in 10 minutes)';
  const table = tableOf({
    reason: `${reason}; down 2 times in 10 minutes, held for 20 s`,
    note: `${held}; was: ${reason}`,
  });
  t.equal(table.split(reason).length - 1, 1, table);
  t.match(table, `    ${held}\n`);
  const other = tableOf({ reason, note: `${held}; was: GET /: 503` });
  t.match(inOneLine(other), `${held}; was: GET /: 503`, 'what the reason does not say stays');
});

t.test('no word of a reason is cut, however long it is', async (t) => {
  for (let length = 60; length < 90; length++) {
    const reason = `${'x '.repeat(length / 2 - 2)}end${length % 2}`;
    const table = tableOf({ reason });
    t.match(inOneLine(table), reason);
  }
});
