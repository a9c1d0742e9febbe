import t from 'tap';
import { hostCheck } from '../../src/control/host-check.ts';

const known = hostCheck(['smartproxy.example.net', 'LB1']);

t.test('addresses, localhost and our names pass, with and without a port', async (t) => {
  for (const host of [
    undefined,
    '192.0.2.1',
    '192.0.2.1:8404',
    '[::1]',
    '[2001:db8::1]:8404',
    'localhost',
    'localhost:8404',
    'LOCALHOST',
    'smartproxy.example.net:8404',
    'SmartProxy.Example.NET.',
    'lb1:8404',
  ]) {
    t.ok(known(host), `${host}`);
  }
});

t.test('other names do not, however they are dressed', async (t) => {
  for (const host of [
    '',
    ':8404',
    'evil.example',
    'localhost.evil.example',
    'smartproxy.example.net.evil.example:8404',
    '192.0.2.1.evil.example',
    '[evil]',
    '[::1].evil.example',
    '::1.evil',
    'evil.example:80:80',
    'user@localhost',
  ]) {
    t.notOk(known(host), `"${host}"`);
  }
});
