// What is wrong with the command line itself, and not with what it names, is exit code 2 and one line.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';

t.setTimeout(120_000);

const ROOT = join(import.meta.dirname, '..', '..');
const CFG = join(ROOT, 'test', 'fixtures', 'haproxy', 'usual-current.cfg');

function chargehand(words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    // Without the hooks that tap hangs on every Node that a test starts.
    const env = { ...process.env, NODE_OPTIONS: '' };
    execFile(process.execPath, ['--import=tsx', 'src/main.ts', ...words], { cwd: ROOT, env }, (error, out, err) => {
      resolve({ code: Number(error?.code ?? 0), out, err });
    });
  });
}

const ROWS: readonly (readonly [words: readonly string[], line: RegExp])[] = [
  [['doctor', '--cert', CFG], /^chargehand: --cert and --key go together: name both files\n$/],
  [['import', CFG, '--haproxy-version', 'abc'], /^chargehand: --haproxy-version abc: write it like 2\.8 or 3\.3\n$/],
  [['import', CFG, '--client', 'nonsense'], /^chargehand: --client nonsense is not an IP address\n$/],
  [['import', CFG, '--client', '192.0.2.1'], /^chargehand: --client names whom --verify compares: say --verify/],
  [['completion', 'fish'], /^chargehand: no completion for fish: bash or zsh\n$/],
  [['drain', 'proxy01', '--within', 'soon'], /^chargehand: --within soon is no duration: write 30s, 10m or 2h\n$/],
];

for (const [words, line] of ROWS) {
  t.test(words.join(' ').replace(ROOT, ''), { timeout: 60_000 }, async (t) => {
    const { code, out, err } = await chargehand(words);
    t.equal(code, 2);
    t.equal(out, '');
    t.match(err, line);
  });
}
