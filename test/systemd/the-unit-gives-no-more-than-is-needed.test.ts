import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';

const unit = join(import.meta.dirname, '..', '..', 'systemd', 'chargehand.service');
const missing = spawnSync('systemd-analyze', ['--version']).error !== undefined;

t.test("systemd's own score of the unit", { skip: missing && 'systemd-analyze is not installed' }, async (t) => {
  const scored = spawnSync('systemd-analyze', ['security', '--offline=true', unit], { encoding: 'utf8' });
  const [, score] = /Overall exposure level for \S+: (\d+\.\d+)/.exec(scored.stdout) ?? [];
  t.ok(Number(score) <= 1.6, `${score} (0: none, 10: all)`);
});
