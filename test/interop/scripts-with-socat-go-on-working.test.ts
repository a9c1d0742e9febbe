// What people's scripts do with HAProxy's socket, by socat and a shell; the CSV and the metrics over HTTP; the whole of it
// in the program as it runs, through a reload, an upgrade and a stop.

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { askSocket, csvRow, csvRows } from '../fixtures/haproxy-face.ts';
import { aMoment, programForTools, run, without } from '../fixtures/haproxy-tools.ts';
import { noPromtool, promtool } from '../fixtures/promtool.ts';
import { readBytes, startClient } from '../fixtures/tcp.ts';
import { until } from '../fixtures/until.ts';

t.setTimeout(120_000);

t.test('scripts', { skip: without('socat') }, async (t) => {
  const { path, file, port, http, said, child } = await programForTools(t, 'log: { format: haproxy }\n');
  const shell = async (script: string) => (await run('sh', ['-c', script.replaceAll('SOCK', path)])).out.trim();
  const status = async (server: string) => csvRow(await askSocket(path, 'show stat\n'), 'https', server)['status'];
  const becomes = async (server: string, wanted: RegExp) => {
    const deadline = Date.now() + 20_000;
    while (!wanted.test((await status(server)) ?? '')) {
      if (Date.now() > deadline) throw new Error(await status(server));
      await aMoment();
    }
  };
  await becomes('proxy02', /^UP$/);

  t.test('who is up, by column and by name', async (t) => {
    const up = await shell(
      `echo "show stat" | socat stdio UNIX-CONNECT:SOCK | awk -F, '$2 !~ /END$/ && $18 == "UP" { print $1 "/" $2 }'`,
    );
    t.same(up.split('\n').sort(), ['https/proxy01', 'https/proxy02', 'puppet/proxy01', 'puppet/proxy02']);
    t.match(await shell('echo "show info" | socat stdio UNIX-CONNECT:SOCK | grep ^Version'), /^Version: \d+\.\d+\.\d+/);
    const json = await shell('echo "show stat json" | socat stdio UNIX-CONNECT:SOCK');
    t.equal((JSON.parse(json) as unknown[]).length, 8, 'two services of four rows');
    t.ok(Array.isArray(JSON.parse(await shell('echo "show info json" | socat stdio UNIX-CONNECT:SOCK'))));
  });

  t.test('several commands in a line, and a rolling change of a server', async (t) => {
    const client = await startClient(t, port('https'));
    client.write('x');
    await readBytes(client, 1);
    const busy = csvRows(await askSocket(path, 'show stat\n')).find(
      (row) => row['type'] === '2' && row['scur'] === '1',
    );
    const server = busy?.['svname'] ?? '';
    await shell(
      `echo "set server https/${server} state drain; show servers state https" | socat stdio UNIX-CONNECT:SOCK`,
    );
    t.equal(await status(server), 'DRAIN');
    client.write('y');
    t.equal((await readBytes(client, 1)).toString(), 'y', 'a running session stays');
    t.match(
      await shell('echo "show sess" | socat stdio UNIX-CONNECT:SOCK'),
      new RegExp(`^\\S+: proto=tcpv4 src=127\\.0\\.0\\.1:${client.localPort} fe=https be=https srv=${server} `),
    );
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.on('end', () => client.end()).resume();
    await shell(`echo "shutdown sessions server https/${server}" | socat stdio UNIX-CONNECT:SOCK`);
    await closed;
    await until(() => new RegExp(`https/${server} \\d+/\\d+/\\d+ \\d+ K- `).test(said()), 'its line in the log');
    await shell(`echo "set server https/${server} state ready" | socat stdio UNIX-CONNECT:SOCK`);
    await becomes(server, /^UP$/);
  });

  t.test('a prompt is for people and for tools that stay', async (t) => {
    const said = await shell(
      'printf "prompt\\nget weight https/proxy02\\nset weight https/proxy02 50%%\\nget weight https/proxy02\\nset weight https/proxy02 100%%\\nquit\\n" | socat -t5 stdio UNIX-CONNECT:SOCK',
    );
    t.match(said, /> 20 \(initial 20\)\n\n> \n> 10 \(initial 20\)\n\n> /);
  });

  t.test('the CSV and the metrics over HTTP', async (t) => {
    const csv = await (await fetch(`${http}/stats;csv`)).text();
    t.equal(csvRows(csv).length, 8);
    t.equal(csvRow(csv, 'puppet', 'BACKEND')['status'], 'UP');
    const metrics = await (await fetch(`${http}/metrics`)).text();
    t.match(metrics, /^haproxy_server_status\{proxy="https",server="proxy01",state="UP"\} 1$/m);
    t.match(metrics, /^chargehand_build_info/m);
    if (noPromtool === false) {
      // One name of HAProxy's own is not as promtool would have it.
      t.match(await promtool(['check', 'metrics'], metrics), {
        said: /^haproxy_process_failed_resolutions counter metrics should have "_total" suffix\s*$/,
      });
    } else t.pass('skipped', { skip: noPromtool });
  });

  t.test('a reload moves the socket, a file without it takes it away, and it is kept by mode', async (t) => {
    t.equal(statSync(path).mode & 0o777, 0o660);
    const text = readFileSync(file, 'utf8');
    const moved = `${path}2`;
    writeFileSync(file, text.replace(`socket: ${path},`, `socket: ${moved},`));
    child.kill('SIGHUP');
    await until(() => existsSync(moved) && !existsSync(path), 'the new socket, and not the old one');
    t.match(await askSocket(moved, 'show version\n'), /chargehand/);
    writeFileSync(file, text.replace(/^haproxy:.*$/m, ''));
    child.kill('SIGHUP');
    await until(() => !existsSync(moved), 'that it is gone');
    t.equal((await fetch(`${http}/stats;csv`)).status, 404);
    writeFileSync(file, text);
    child.kill('SIGHUP');
    await until(() => existsSync(path), 'that it is back');
  });

  t.test('what an operator said here is the operator’s word, for chargehand too', async (t) => {
    await shell('echo "disable server https/proxy01" | socat stdio UNIX-CONNECT:SOCK');
    const answer = (await (await fetch(`${http}/status.json`)).json()) as {
      services: { service: string; backends: { node: string; admin: object }[] }[];
    };
    const states = answer.services.map(({ service, backends }) => [service, backends[0]?.admin]);
    t.match(states, [
      ['https', { state: 'maint', origin: 'operator' }],
      ['puppet', { state: 'ready', origin: 'file' }],
    ]);
    await shell('echo "enable server https/proxy01" | socat stdio UNIX-CONNECT:SOCK');
  });

  t.test('an upgrade hands it over, a stop removes it', async (t) => {
    const pid = () => shell('echo "show info" | socat stdio UNIX-CONNECT:SOCK | awk \'/^Pid:/ { print $2 }\'');
    const before = await pid();
    t.equal(before, String(child.pid));
    child.kill('SIGUSR2');
    await until(() => child.exitCode !== null, 'that the old process has ended', 60_000);
    await until(() => existsSync(path), 'the socket of the new one', 30_000);
    const after = await pid();
    t.notSame(after, before);
    t.match(after, /^\d+$/);
    process.kill(Number(after), 'SIGTERM');
    await until(() => !existsSync(path), 'that the socket is gone');
  });
});
