import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import t from 'tap';
import { COMMANDS } from '../../src/cli/commands.ts';
import { bashCompletion, zshCompletion } from '../../src/cli/completions.ts';
import { manPage } from '../../src/cli/man-page.ts';

const root = new URL('../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');

t.test('what is in the repository is what the table gives (npm run man)', async (t) => {
  t.equal(read('man/chargehand.1'), manPage(COMMANDS));
  t.equal(read('completions/chargehand.bash'), bashCompletion(COMMANDS));
  t.equal(read('completions/_chargehand'), zshCompletion(COMMANDS));
});

t.test('bash completes commands, their options, and nothing for what it does not know', async (t) => {
  const complete = (...words: string[]) => {
    const script = `${bashCompletion(COMMANDS)}
COMP_WORDS=(chargehand ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _chargehand; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    t.equal(stderr, '');
    return stdout.split('\n').filter((line) => line !== '');
  };
  t.same(complete('dr'), ['drain']);
  t.same(complete('-c', 'file', 'drain', '--w'), ['--within', '--wait']);
  t.same(complete('check', '--st'), ['--strict']);
  t.same(complete('nonsense', '--'), []);
  t.ok(complete('').length > COMMANDS.length);
});

const noZsh = spawnSync('zsh', ['--version']).error !== undefined && 'zsh is not installed';

t.test('zsh completes commands, and the options of each', { skip: noZsh }, async (t) => {
  // zsh completes for people only: a shell in a terminal of its own, which writes what it made of a line into a file.
  const folder = t.testdir({
    _chargehand: zshCompletion(COMMANDS),
    setup: `fpath=(\${0:A:h} $fpath)
autoload -Uz compinit && compinit -u -D
keep() { print -r -- "$BUFFER" > $FOLDER/typed; zle kill-buffer }
zle -N keep
bindkey '^T' keep
print RE""ADY
`,
    drive: `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell ". $FOLDER/setup"
zpty -r -m shell heard '*READY*'
zpty -w -n shell "$1"
while [[ ! -s $FOLDER/typed ]]; do zpty -r -t shell heard; sleep 0.05; done
zpty -d shell
`,
  });
  const complete = (typed: string): string => {
    rmSync(`${folder}/typed`, { force: true });
    const env = { ...process.env, FOLDER: folder, TERM: 'vt100' };
    spawnSync('zsh', ['-f', `${folder}/drive`, `${typed}\t\x14`], { timeout: 60_000, env });
    return readFileSync(`${folder}/typed`, 'utf8').trim();
  };
  t.equal(complete('chargehand dra'), 'chargehand drain');
  t.equal(complete('chargehand -c file drain --wi'), 'chargehand -c file drain --within');
  t.equal(complete('chargehand check --str'), 'chargehand check --strict');
});

const noMan = spawnSync('groff', ['--version']).error !== undefined && 'groff is not installed';

t.test('groff reads the page without a remark', { skip: noMan }, async (t) => {
  const made = spawnSync('groff', ['-man', '-Tascii', '-P-cbou', '-ww'], {
    input: manPage(COMMANDS),
    encoding: 'utf8',
  });
  t.equal(made.stderr, '');
  for (const { name } of COMMANDS) t.match(made.stdout, new RegExp(`\\b${name}\\b`));
});
