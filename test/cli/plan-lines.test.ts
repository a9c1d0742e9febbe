import t from 'tap';
import { planLines } from '../../src/cli/plan-text.ts';
import type { Plan } from '../../src/control/reload.ts';

const NOTHING: Plan = {
  listeners: { added: [], removed: [], gaps: [] },
  services: { added: [], removed: [], changed: [] },
  backends: [],
  other: [],
  restart: [],
  sessions: [],
  guards: [],
  warnings: [],
  unchanged: false,
};

t.test('a key is called as the file calls it, in its place', async (t) => {
  const changed = [{ service: 'web', added: [], removed: [], changed: [{ name: 'a', what: ['admin', 'host'] }] }];
  const services = { added: [], removed: [], changed: [{ name: 'web', what: ['slowStartMs', 'waitForClient'] }] };
  t.same(
    planLines({ ...NOTHING, backends: changed, services, other: ['maxSessions'], restart: ['admin.socket', 'relay'] }),
    [
      '~ service web: slow_start, wait_for_client',
      '~ node a in web: state, address',
      '~ max_sessions',
      '! admin.socket: takes effect with the next restart; until then the commands reach it at the socket of before (--socket)',
      '! relay: takes effect with the next restart',
    ],
  );
});

t.test('what has to wait for a restart, and where the commands find it until then', async (t) => {
  t.same(planLines({ ...NOTHING, other: ['caNode'], restart: ['admin.state', 'log.format'] }), [
    '~ ca_node',
    '! admin.state: takes effect with the next restart',
    '! log.format: takes effect with the next restart',
  ]);
});

t.test('where nobody listens for a moment', async (t) => {
  const listeners = { added: ['*:443'], removed: ['192.0.2.1:443'], gaps: ['*:443'] };
  t.match(planLines({ ...NOTHING, listeners }), [
    /^\+ listens on \*:443: nobody listens there for a moment/,
    /^- listens/,
  ]);
});
