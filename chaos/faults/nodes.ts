// What befalls a node.

import { execFile } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { nodeAddress } from '../services.ts';
import { unlessDistrusted, unlessIt } from './ask.ts';
import { type Fault, ordered } from './fault.ts';

const run = promisify(execFile);

export const KILL: Fault<'kill'> = {
  name: 'kill',
  what: 'SIGKILL, and started again later',
  target: 'node',
  weight: 4,
  lastsMs: [500, 5000],
  cuts: 'all',
  async begin({ world, node }) {
    await world.node(node).kill();
    return () => world.node(node).start();
  },
  missed: unlessIt('refuses'),
};

export const FLAP: Fault<'flap'> = {
  name: 'flap',
  what: 'its ports close and open again, several times',
  target: 'node',
  weight: 2,
  lastsMs: [3000, 6000],
  // Who waits in the kernel's queue is reset when it closes.
  cuts: 'unanswered',
  async begin({ world, node, random, forMs }) {
    const until = Date.now() + forMs;
    const flapping = (async () => {
      while (Date.now() < until) {
        await world.node(node).order('refuse');
        await sleep(random.between(50, 900));
        await world.node(node).order('listen');
        await sleep(random.between(50, 900));
      }
    })();
    return () => flapping;
  },
};

export const STOP: Fault<'stop'> = {
  name: 'stop',
  what: 'SIGSTOP, and SIGCONT later',
  target: 'node',
  weight: 4,
  lastsMs: [500, 6000],
  async begin({ world, node }) {
    world.node(node).signal('SIGSTOP');
    return async () => world.node(node).signal('SIGCONT');
  },
  // A queue of connections that is full lets a connect hang.
  missed: unlessIt('says nothing', 'lets a connect hang'),
};

/** More than its queues of connections hold. */
const CROWD = 150;

export const FILL: Fault<'fill'> = {
  name: 'fill',
  what: 'it takes no connections and its queues of them are full, so that a connect hangs',
  target: 'node',
  weight: 2,
  lastsMs: [1000, 5000],
  // Who waits in the kernel's queue is reset when it closes.
  cuts: 'unanswered',
  async begin({ world, node }) {
    const { setup } = world.node(node);
    world.node(node).signal('SIGSTOP');
    const sockets: Socket[] = setup.ports.flatMap(({ port }) =>
      Array.from({ length: CROWD }, () => connect({ host: setup.address, port }).on('error', () => {})),
    );
    return async () => {
      for (const socket of sockets) socket.destroy();
      world.node(node).signal('SIGCONT');
    };
  },
  missed: unlessIt('lets a connect hang'),
};

export const BLACK_HOLE: Fault<'black-hole'> = {
  name: 'black-hole',
  what: 'every packet to it and from it is lost (iptables, in the network namespace of the episode)',
  target: 'node',
  weight: 3,
  lastsMs: [500, 5000],
  async begin({ node }) {
    const address = nodeAddress(node);
    const rules = [
      ['INPUT', '-d', address],
      ['INPUT', '-s', address],
    ];
    const all = (how: '-A' | '-D') =>
      Promise.all(rules.map(([chain = '', ...rest]) => run('iptables', ['-w', how, chain, ...rest, '-j', 'DROP'])));
    await all('-A');
    return async () => void (await all('-D'));
  },
  missed: unlessIt('lets a connect hang'),
};

export const SLOW: Fault<'slow'> = {
  name: 'slow',
  what: 'its answers trickle',
  target: 'node',
  weight: 2,
  lastsMs: [1000, 6000],
  begin: ordered('slow', 'fast'),
};

export const RESET: Fault<'reset'> = {
  name: 'reset',
  what: 'it resets every connection it has',
  target: 'node',
  weight: 3,
  lastsMs: [0, 0],
  cuts: 'all',
  async begin({ world, node }) {
    await world.node(node).order('reset');
    return async () => {};
  },
};

export const REFUSE: Fault<'refuse'> = {
  name: 'refuse',
  what: 'its ports are closed; what runs goes on',
  target: 'node',
  weight: 3,
  lastsMs: [500, 5000],
  // Who waits in the kernel's queue is reset when it closes.
  cuts: 'unanswered',
  begin: ordered('refuse', 'listen'),
  missed: unlessIt('refuses'),
};

export const MUTE: Fault<'mute'> = {
  name: 'mute',
  what: 'it takes connections and says nothing (dead, but listening)',
  target: 'node',
  weight: 3,
  lastsMs: [500, 6000],
  begin: ordered('mute', 'unmute'),
  missed: unlessIt('says nothing'),
};

export const WRONG_CERTIFICATE: Fault<'wrong-certificate'> = {
  name: 'wrong-certificate',
  what: 'its certificate is signed by somebody whom no client trusts',
  target: 'node',
  weight: 1,
  lastsMs: [500, 3000],
  begin: ordered('wrong-certificate', 'right-certificate'),
  missed: unlessDistrusted,
};
