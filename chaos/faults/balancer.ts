// What befalls the balancer, and what its operator does meanwhile.

import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, statfsSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { alive } from '../program.ts';
import type { FileState } from '../services.ts';
import { SMALL_DISK, smallDisk } from '../surroundings.ts';
import type { Fault, World } from './fault.ts';

/** Changes the file and has it read, nobody else's change in between. */
function reload(world: World, change: (now: FileState) => Partial<FileState>): Promise<void> {
  const { file, program } = world;
  return file.alone(async () => {
    file.change(change(file.state));
    const { status, body } = await program.order('POST', '/v1/reload', {});
    const { problems } = body as { problems?: readonly string[] };
    if (status !== 200 || problems?.length !== 0) throw new Error(`a reload failed: ${JSON.stringify(body)}`);
  });
}

export const RELOAD: Fault<'reload'> = {
  name: 'reload',
  what: 'the file is reloaded: timeouts, a service more, a service less',
  target: 'balancer',
  weight: 3,
  lastsMs: [200, 3000],
  async begin({ world, random }) {
    const change = random.pick([{ extraService: true }, { idle: '9m' }, {}]);
    await reload(world, () => change);
    return () => reload(world, () => ({ extraService: false, idle: '10m' }));
  },
};

export const RELOADS: Fault<'reloads'> = {
  name: 'reloads',
  what: 'SIGHUP again and again, each time with another file',
  target: 'balancer',
  weight: 2,
  lastsMs: [500, 2000],
  async begin({ world, random, forMs }) {
    const until = Date.now() + forMs;
    const reloading = (async () => {
      while (Date.now() < until) {
        const change = { extraService: random.chance(0.5) };
        await world.file.alone(() => world.file.change(change));
        world.program.signal('SIGHUP');
        await sleep(random.between(5, 150));
      }
      await reload(world, () => ({ extraService: false }));
    })();
    return () => reloading;
  },
};

export const BAD_FILE: Fault<'bad-file'> = {
  name: 'bad-file',
  what: 'the file makes no sense and is reloaded: nothing may change',
  target: 'balancer',
  weight: 1,
  lastsMs: [200, 2000],
  async begin({ world }) {
    await world.file.alone(() => world.file.spoil());
    world.program.signal('SIGHUP');
    return () => reload(world, () => ({}));
  },
};

export const REMOVE: Fault<'remove'> = {
  name: 'remove',
  what: 'a node is taken out of the file, and put in again',
  target: 'not-ca',
  weight: 2,
  lastsMs: [500, 5000],
  async begin({ world, node }) {
    await reload(world, ({ removed }) => ({ removed: [...removed, node] }));
    return () => reload(world, ({ removed }) => ({ removed: removed.filter((name) => name !== node) }));
  },
};

export const DRAIN: Fault<'drain'> = {
  name: 'drain',
  what: 'an operator drains the node',
  target: 'node',
  weight: 3,
  lastsMs: [500, 6000],
  begin: async ({ world, node }) => await setState(world, node, 'drain'),
};

export const MAINT: Fault<'maint'> = {
  name: 'maint',
  what: 'an operator puts the node into maint',
  target: 'node',
  weight: 1,
  lastsMs: [500, 5000],
  begin: async ({ world, node }) => await setState(world, node, 'maint'),
};

async function setState(world: World, node: string, state: string): Promise<() => Promise<void>> {
  const order = async (wanted: string): Promise<void> => {
    const { status, body } = await world.program.order('POST', `/v1/nodes/${node}`, { state: wanted });
    if (status !== 200) throw new Error(`${wanted} ${node}: ${JSON.stringify(body)}`);
  };
  await order(state);
  return () => order('ready');
}

export const UPGRADE: Fault<'upgrade'> = {
  name: 'upgrade',
  what: 'another process takes over (what `chargehand upgrade` asks for), the old one lets its sessions finish',
  target: 'balancer',
  weight: 2,
  lastsMs: [3000, 5000],
  once: true,
  async begin({ world }) {
    const { program } = world;
    const { status, body } = await program.order('POST', '/v1/upgrade', {});
    if (status !== 200) throw new Error(`an upgrade failed: ${JSON.stringify(body)}`);
    program.pid = (body as { pid: number }).pid;
    return () => program.ready();
  },
};

export const STALL: Fault<'stall'> = {
  name: 'stall',
  what: 'the balancer itself is stopped for a while (SIGSTOP): no node is to blame',
  target: 'balancer',
  weight: 2,
  lastsMs: [300, 3000],
  async begin({ world }) {
    const { pid } = world.program;
    process.kill(pid, 'SIGSTOP');
    return async () => void (alive(pid) && process.kill(pid, 'SIGCONT'));
  },
};

export const CROWD: Fault<'crowd'> = {
  name: 'crowd',
  what: 'clients come in numbers and say nothing; where descriptors are few, more than there is room for',
  target: 'balancer',
  weight: 2,
  lastsMs: [500, 3000],
  async begin({ world, random }) {
    world.crowd.come(random.between(50, 250));
    return async () => world.crowd.go();
  },
};

export const CRASH: Fault<'crash'> = {
  name: 'crash',
  what: 'the balancer is killed (SIGKILL) and started again',
  target: 'balancer',
  weight: 1,
  lastsMs: [0, 0],
  once: true,
  async begin({ world }) {
    await world.program.crash();
    return async () => {};
  },
};

export const LOG_BLOCKED: Fault<'log-blocked'> = {
  name: 'log-blocked',
  what: 'nobody reads the log for a while, and the pipe it goes to is full',
  target: 'balancer',
  weight: 2,
  // What is read so much later is still within what the judges allow.
  lastsMs: [1000, 3000],
  // There the log goes to a file.
  unless: 'smallDisk',
  // The process from before may end meanwhile, and could not leave its last records.
  neverWith: 'upgrade',
  async begin({ world }) {
    const read = world.program.blockLog();
    // What the reader had begun to read makes room once more.
    for (let tries = 0; tries < 10 && fill(world.program.logPipe, PIPE) > 0; tries++) await sleep(20);
    return async () => read();
  },
  async missed({ world }) {
    const room = fill(world.program.logPipe, PIPE);
    return room === 0 ? undefined : `${room} bytes could be written to the log`;
  },
};

/** More than a pipe holds. Empty lines leave all others as they are, whoever writes in between. */
const PIPE = Buffer.alloc(1024 * 1024, '\n');

export const DISK_FULL: Fault<'disk-full'> = {
  name: 'disk-full',
  what: 'the disk of the log is full to the last byte (a small tmpfs), and grows later',
  target: 'balancer',
  weight: 8,
  lastsMs: [3000, 6000],
  needs: 'smallDisk',
  once: true,
  async begin({ world }) {
    const { place, log } = smallDisk(world.directory);
    fill(join(place, 'filler'), Buffer.alloc(SMALL_DISK));
    // The last block of the log still has room. Empty lines leave all others as they are, whoever writes in between.
    fill(log, Buffer.alloc(SMALL_DISK, '\n'));
    return async () => {
      execFileSync('mount', ['-o', 'remount,size=64m', place]);
    };
  },
  async missed({ world }) {
    const { place, log } = smallDisk(world.directory);
    const { bfree, bsize } = statfsSync(place);
    const room = bfree * bsize + ((bsize - (statSync(log).size % bsize)) % bsize);
    return room === 0 ? undefined : `${room} bytes could be written to the log`;
  },
};

/** As much of these bytes as finds room; answers how many. */
function fill(path: string, bytes: Buffer): number {
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK);
  let at = 0;
  try {
    while (at < bytes.length) at += writeSync(fd, bytes, at);
  } catch (error) {
    if (!['ENOSPC', 'EAGAIN'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    closeSync(fd);
  }
  return at;
}

export const CLOCK_STEP: Fault<'clock-step'> = {
  name: 'clock-step',
  what: 'the clock of the wall is stepped by up to a day, back or forth (libfaketime)',
  target: 'balancer',
  weight: 8,
  // The program dates its answers by a look at the clock that may be a second old.
  lastsMs: [1500, 5000],
  needs: 'steppedClock',
  async begin({ world, random }) {
    setClock(world.directory, random.pick([-1, 1]) * random.between(2 * CLOCK_DIFFERS_S, 86_400));
    return async () => setClock(world.directory, 0);
  },
  async missed({ world }) {
    const stepped = Number(readFileSync(clockOf(world.directory), 'utf8'));
    const seen = ((await world.program.wall()) - Date.now()) / 1000;
    return Math.abs(seen - stepped) < CLOCK_DIFFERS_S
      ? undefined
      : `stepped by ${stepped} s, the clock of the program differs by ${Math.round(seen)} s`;
  },
};

/** More than an answer takes on a machine that is late. */
const CLOCK_DIFFERS_S = 30;

const clockOf = (directory: string): string => join(directory, 'clock');

export function setClock(directory: string, seconds: number): void {
  writeFileSync(clockOf(directory), `${seconds < 0 ? '' : '+'}${seconds}\n`);
}

export const FEW_DESCRIPTORS: Fault<'few-descriptors'> = {
  name: 'few-descriptors',
  what: 'more clients than the limit of descriptors carries',
  target: 'balancer',
  weight: 6,
  lastsMs: [1000, 4000],
  needs: 'descriptors',
  async begin({ world }) {
    world.crowd.come(400);
    return async () => world.crowd.go();
  },
};

export const NO_DESCRIPTORS: Fault<'no-descriptors'> = {
  name: 'no-descriptors',
  what: 'the limit of descriptors falls below what is open (prlimit), and rises again',
  target: 'balancer',
  weight: 4,
  lastsMs: [500, 2500],
  needs: 'descriptors',
  async begin({ world }) {
    const { pid } = world.program;
    const limit = (soft: number) => execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${soft}:420`]);
    limit(30);
    return async () => void limit(420);
  },
};
