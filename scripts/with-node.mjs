// Runs a command on another version of Node: `node scripts/with-node.mjs 24 -- npm test`. The runtime comes from the npm
// package "node" and is kept in .cache/node-24/ (delete it to fetch a newer one). Changes nothing else on the machine.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where the node binary of that major version is, installing it first where it is missing. */
function installed(version) {
  const home = join(root, '.cache', `node-${version}`);
  const binary = (folder) => join(folder, 'node_modules', 'node', 'bin', 'node');
  if (existsSync(binary(home))) return binary(home);
  // Installed aside and then renamed: a second run at the same time finds all of it or nothing.
  const aside = `${home}.${process.pid}`;
  mkdirSync(aside, { recursive: true });
  console.error(`with-node: installing node@${version} into ${home}`);
  const args = ['install', '--prefix', aside, '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--silent'];
  const npm = spawnSync('npm', [...args, `node@${version}`], { stdio: ['ignore', 2, 2], cwd: aside });
  const complete = npm.status === 0 && existsSync(binary(aside));
  if (complete && !existsSync(home)) renameSync(aside, home);
  rmSync(aside, { recursive: true, force: true });
  if (complete) return binary(home);
  console.error(`with-node: cannot install node@${version}: does "npm view node@${version} version" answer?`);
  process.exit(1);
}

const [version, separator, command, ...args] = process.argv.slice(2);
if (!/^\d+$/.test(version ?? '') || separator !== '--' || command === undefined) {
  console.error('usage: node scripts/with-node.mjs MAJOR -- COMMAND [ARGUMENT…]');
  process.exit(2);
}
const path = `${dirname(installed(version))}${delimiter}${process.env.PATH}`;
const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, PATH: path } });
// Ctrl-C reaches the command from the terminal itself: passed on, it would count twice.
process.on('SIGINT', () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`with-node: cannot run ${command}: ${error.message}`);
  process.exitCode = 127;
});
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
