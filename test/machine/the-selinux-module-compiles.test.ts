// The policy module against Debian's reference policy, under the names that it has there and under those that Fedora's has.
// That it confines what it should is not tried: there is no kernel with SELinux here.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const MAKEFILE = '/usr/share/selinux/devel/Makefile';
const missing = !existsSync(MAKEFILE) && 'not tried: apt-get install selinux-policy-dev make m4';
if (missing !== false) process.stderr.write(`${missing}\n`);
const MODULE = join(import.meta.dirname, '..', '..', 'deploy', 'selinux');

/** Gives Debian's interfaces the names that Fedora has for them, and it the one that only Fedora has. */
const AS_IN_FEDORA = `define(\`files_pid_file', defn(\`files_runtime_file'))undefine(\`files_runtime_file')
define(\`files_pid_filetrans', defn(\`files_runtime_filetrans'))undefine(\`files_runtime_filetrans')
define(\`init_nnp_daemon_domain', \`allow init_t $1:process2 { nnp_transition nosuid_transition };')
`;

/** Answers what the module says once its interfaces are put in. */
function compile(t: Test, before = ''): string {
  const folder = temporaryFolder(t);
  cpSync(MODULE, folder, { recursive: true });
  const source = readFileSync(join(MODULE, 'chargehand.te'), 'utf8');
  const start = 'policy_module(chargehand';
  t.match(source, start);
  writeFileSync(join(folder, 'chargehand.te'), source.replace(start, `${before}${start}`));
  execFileSync('make', ['-f', MAKEFILE, 'chargehand.pp'], { cwd: folder, stdio: 'pipe' });
  t.ok(existsSync(join(folder, 'chargehand.pp')));
  return readFileSync(join(folder, 'tmp', 'chargehand.tmp'), 'utf8');
}

const NNP = /^\s*allow init_t chargehand_t:process2 \{ nnp_transition nosuid_transition \};/m;
const ENTRY = /^\s*allow chargehand_t chargehand_exec_t:file \{?[^;]*\bentrypoint\b/m;

for (const [whose, before] of [
  ["Debian's", ''],
  ["Fedora's", AS_IN_FEDORA],
]) {
  t.test(`it compiles by ${whose} names`, { skip: missing, timeout: 300_000 }, async (t) => {
    const said = compile(t, before);
    t.match(said, NNP, 'a unit with NoNewPrivileges= gets into it');
    t.match(said, ENTRY, 'by the program');
    t.match(
      said,
      /^\s*allow chargehand_t chargehand_exec_t:file \{?[^;]*\bexecute_no_trans\b/m,
      'whose runtime stays in it',
    );
    t.match(said, /^\s*allow chargehand_t shell_exec_t:file \{?[^;]*\bexecute_no_trans\b/m, 'by way of its shell');
    t.match(said, /^\s*allow chargehand_t chargehand_runtime_t:sock_file/m);
  });
}

t.test('what the unit starts is what it is entered by', { skip: missing }, async (t) => {
  const unit = readFileSync(join(MODULE, '..', '..', 'systemd', 'chargehand.service'), 'utf8');
  const [, program = ''] = /^ExecStart=(\S+)/m.exec(unit) ?? [];
  const labels = readFileSync(join(MODULE, 'chargehand.fc'), 'utf8').split('\n');
  const label = labels.find((line) => line.startsWith(`${program} `));
  t.match(label, /:chargehand_exec_t,/);
});
