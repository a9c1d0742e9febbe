import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { toldHost } from '../fixtures/told-host.ts';

// Nobody is there: what is asked of this socket ends with exit code 3.
const socket = join(temporaryFolder(t), 'nobody.sock');

const WRONG: readonly (readonly [line: string, message: RegExp])[] = [
  ['where foo', /^chargehand: foo is not an IP address, such as 192\.0\.2\.50\n$/],
  ['drain n1 --within 10', /^chargehand: --within 10 is no duration: write 30s, 10m or 2h\n$/],
  ['drain n1 --within -5s', /--within/],
  ['drain n1 --within=-5s', /^chargehand: --within -5s is no duration: write 30s, 10m or 2h\n$/],
  ['maint n1 --within 100000h', /^chargehand: --within 100000h is too long: 596h at most\n$/],
  ['drain n1 --within 1m --close-over x', /^chargehand: --close-over x is no duration: /],
  ['drain n1 --close-over 60s', /^chargehand: --close-over ends no session without --within: give both\n$/],
  ['status --http foo', /^chargehand: foo is no URL like http:\/\/127\.0\.0\.1:8404\n$/],
  ['completion fish', /^chargehand: no completion for fish: bash or zsh\n$/],
  ['sessions --local foo', /^chargehand: --local foo is no ADDR:PORT, such as 192\.0\.2\.5:41234 or /],
  ['sessions --local 127.0.0.1', /is no ADDR:PORT/],
  ['sessions --local :99999', /is no ADDR:PORT/],
  ['sessions --local 127.0.0.1:99999', /is no ADDR:PORT/],
  ['sessions --client proxy01', /^chargehand: --client proxy01 is not an IP address/],
  ['nonsense', /there is no command nonsense/],
  [
    'status -c a.yaml -c b.yaml',
    /^chargehand: --config takes one value and was given two \(a\.yaml, b\.yaml\): give one\n$/,
  ],
  ['-c a.yaml check --config b.yaml', /^chargehand: --config takes one value and was given two \(a\.yaml, b\.yaml\)/],
  [
    'drain n1 --within 1m --within 2m',
    /^chargehand: --within takes one value and was given two \(1m, 2m\): give one\n$/,
  ],
  ['sessions --service web --service rr', /^chargehand: --service takes one value and was given two \(web, rr\)/],
  ['sessions --socket /a.sock', /^chargehand: --socket takes one value and was given two/],
  [
    `status --http http://127.0.0.1:1 --socket ${socket}`,
    /^chargehand: --http and --socket name two places to ask: give one\n$/,
  ],
];

for (const [line, message] of WRONG) {
  t.test(line, async (t) => {
    const words = line.split(' ');
    const asks = !/^(completion|nonsense)|--http|check/.test(line);
    const { host, out, err } = toldHost([...words, ...(asks ? ['--socket', socket] : [])]);
    t.equal(await runCommandLine(host), 2, err());
    t.match(err(), message);
    t.equal(out(), '');
  });
}

for (const line of [
  'where ::1',
  'drain n1 --within 596h',
  'sessions --local [::1]:80',
  'sessions --local 1.2.3.4:80',
]) {
  t.test(`${line} is right, and somebody is asked`, async (t) => {
    const { host, err } = toldHost([...line.split(' '), '--socket', socket]);
    t.equal(await runCommandLine(host), 3, err());
  });
}

t.test('a socket whose path is too long for one: nobody can be there', async (t) => {
  const path = `/run/${'x'.repeat(103)}`;
  const { host, err } = toldHost(['status', '--socket', path]);
  t.equal(await runCommandLine(host), 2);
  t.equal(err(), `chargehand: ${path}: the path of a Unix socket has at most 107 bytes\n`);
});

t.test('a file that says that there is no socket: what does the same is named', async (t) => {
  const file = join(temporaryFolder(t), 'c.yaml');
  writeFileSync(file, 'version: 1\nnodes: { a: 192.0.2.1 }\nservices: { web: { listen: 80 } }\nadmin: false\n');
  const { host, err } = toldHost(['upgrade', '-c', file]);
  t.equal(await runCommandLine(host), 3);
  t.match(err(), /says admin: false, so there is no socket to ask; SIGHUP reloads it, SIGUSR2 upgrades it/);
});
