// The real hatop in a terminal of tmux: every screen, disabling and enabling a server, changing a weight, its own command
// line. What it changed is looked at from outside.

import t from 'tap';
import { askSocket, csvRow } from '../fixtures/haproxy-face.ts';
import { aMoment, programForTools, run, without } from '../fixtures/haproxy-tools.ts';
import { readBytes, startClient } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';

t.setTimeout(120_000);

t.test('hatop', { skip: without('hatop', 'tmux') }, async (t) => {
  const { path, port } = await programForTools(t);
  const name = `chargehand-${process.pid}`;
  const tmux = (...args: string[]) => run('tmux', ['-L', name, '-f', '/dev/null', ...args]);
  t.teardown(() => tmux('kill-server'));
  const started = await tmux('new-session', '-d', '-x', '150', '-y', '40', `hatop -s ${path} -i 1; sleep 60`);
  t.equal(started.code, 0, started.out);
  const keys = (...given: string[]) => tmux('send-keys', '-t', '0', ...given);
  const screen = async () => (await tmux('capture-pane', '-p', '-t', '0')).out;
  const row = async (svname: string, pxname = 'https') => csvRow(await askSocket(path, 'show stat\n'), pxname, svname);

  /** Waits until the screen shows all of it, and answers with it. */
  async function shows(...wanted: RegExp[]): Promise<string> {
    let text = '';
    const deadline = Date.now() + 20_000;
    while (!wanted.every((one) => one.test(text))) {
      if (Date.now() > deadline) throw new Error(`hatop does not show ${wanted.join(' and ')}:\n${text}`);
      await aMoment();
      text = await screen();
    }
    return text;
  }
  /** Waits until a column of a server is so. */
  async function becomes(svname: string, column: string, value: string | RegExp, pxname = 'https'): Promise<void> {
    const deadline = Date.now() + 20_000;
    for (let now = ''; ; now = (await row(svname, pxname))[column] ?? '') {
      if (typeof value === 'string' ? now === value : value.test(now)) return;
      if (Date.now() > deadline) throw new Error(`${pxname}/${svname}: ${column} is ${now}\n${await screen()}`);
      await aMoment();
    }
  }

  await becomes('proxy02', 'status', 'UP');
  const client = await startClient(t, port('https'));
  client.write('x');
  await readBytes(client, 1);

  await shows(
    /HATop/i,
    />>> https/,
    />>> puppet/,
    /proxy01 +10 +UP +L4OK/,
    /proxy02 +20 +UP/,
    /BACKEND +30 +UP/,
    /FRONTEND.*OPEN/,
  );
  t.pass('the first screen: status');
  await keys('2');
  await shows(/LBTOT/, /RATE/, /proxy01 +10 +UP/, /BACKEND +30 +UP/);
  t.pass('traffic');
  await keys('3');
  await shows(/1xx/i, /5xx/i, /proxy01/);
  t.pass('HTTP: nothing to count, but it stands');
  await keys('4');
  await shows(/ERRORS/, /ECONN|ECON/, /DOWN/, /proxy02/);
  t.pass('errors');
  await keys('h');
  await shows(/HATop Online Help/);
  t.pass('its help');

  /** In the first proxy: the same server stands in the second, too. */
  const inHttps = (row: string) => new RegExp(`>>> https(?:(?!>>>)[^])*${row}`);
  await keys('1');
  await shows(inHttps('proxy01 +10 +UP +L4OK'));
  // The cursor stands on the first line, the name of the first proxy: below it the frontend, then the servers.
  const lines = (await screen()).split('\n');
  const first = lines.findIndex((line) => />>> https/.test(line));
  const of = (server: string) => lines.findIndex((line, i) => i > first && line.includes(server)) - first;
  for (let i = 0; i < of('proxy01'); i++) await keys('Down');
  await keys('F10');
  await becomes('proxy01', 'status', 'MAINT');
  t.equal((await row('proxy01', 'puppet'))['status'], 'UP', 'F10: in this service only');
  await shows(inHttps('proxy01 +10 +MAINT'));
  client.write('y');
  t.equal((await readBytes(client, 1)).toString(), 'y', 'a running session stays');
  await keys('F9');
  await becomes('proxy01', 'status', /^UP/);
  t.pass('F9: enabled again');
  await keys('F2');
  await becomes('proxy01', 'status', 'MAINT');
  await becomes('proxy01', 'status', 'MAINT', 'puppet');
  await keys('F1');
  await becomes('proxy01', 'status', /^UP/);
  await becomes('proxy01', 'status', /^UP/, 'puppet');
  t.pass('F2, F1: the whole machine');
  await shows(inHttps('proxy01 +10 +UP'));
  await keys('F7');
  await becomes('proxy01', 'weight', '11');
  await shows(inHttps('proxy01 +11 +UP'));
  await keys('F8');
  await becomes('proxy01', 'weight', '21');
  await shows(inHttps('proxy01 +21 +UP'));
  await keys('F5');
  await becomes('proxy01', 'weight', '11');
  await shows(inHttps('proxy01 +11 +UP'));
  await keys('F6');
  await becomes('proxy01', 'weight', '10');
  await shows(inHttps('proxy01 +10 +UP'));
  await keys('F5');
  await becomes('proxy01', 'weight', '0');
  t.equal((await row('proxy01'))['status'], 'DRAIN', 'no weight: no new sessions');
  await keys('F4');
  await becomes('proxy01', 'weight', '10');
  await becomes('proxy01', 'status', /^UP/);
  t.pass('F4 to F8: weights');

  await keys('5');
  await shows(/haproxy command line/);
  await keys('-l', 'get weight https/proxy02');
  await keys('Enter');
  await shows(/20 \(initial 20\)/);
  await keys('-l', 'help');
  await keys('Enter');
  await shows(/shutdown sessions server/);
  t.pass('its command line');
  await keys('C-c');
  await until(() => client.writable, 'the session');
  client.write('z');
  t.equal((await readBytes(client, 1)).toString(), 'z', 'which has seen nothing of it');
});
