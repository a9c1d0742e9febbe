// A source address that this machine does not hold, no port left, no route: no node is to blame, no check says so, and every
// session fails. Whoever looks into the log must find why.

import t from 'tap';
import { DialError } from '../../src/errors.ts';
import { dialError } from '../../src/net/socket-error.ts';
import { logFile } from '../fixtures/log-file.ts';
import { manualClock } from '../fixtures/manual-clock.ts';

const nowhere = dialError({ code: 'EADDRNOTAVAIL' }, '192.0.2.11:443');
const refused = new DialError('refused', 'connect to 192.0.2.11:443: refused');

t.test('at once, then as a sum every ten seconds; what a node does is not told', async (t) => {
  const clock = manualClock();
  const { log, objects } = logFile(t.testdir(), {}, { clock });
  for (let i = 0; i < 5; i++) log.dialFailed('https', 'a', nowhere);
  log.dialFailed('https', 'b', new DialError('no-route', 'connect to 192.0.2.12:443: no route from this host'));
  for (let i = 0; i < 5; i++) log.dialFailed('https', 'a', refused);
  await clock.advance(10_000);
  log.dialFailed('https', 'a', nowhere);
  await clock.advance(10_000);
  t.equal(clock.pending, 0, 'no timer is left');
  const told = {
    level: 'warn',
    service: 'https',
    node: 'a',
    reason: 'no-local-port',
    detail:
      'connect to 192.0.2.11:443: no free local port on this host (see net.ipv4.ip_local_port_range), or a source_address that it does not hold',
    msg: 'dial failed, and not because of the node',
  };
  const sum = { level: 'warn', service: 'https', msg: 'more dials failed, and not because of a node' };
  t.same(
    (await objects()).map(({ time, ...rest }) => rest),
    [told, { ...sum, 'no-local-port': 4, 'no-route': 1 }, told],
  );
});
