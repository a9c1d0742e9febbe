// chargehand itself, as built by `npm run build`, with each of its relays.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Peer, Site } from './peer.ts';

const program = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

type Relay = 'net' | 'native';

function config(site: Site, relay: Relay, threads: number | 'auto'): string {
  const services = site.ports.map((port, index) => [
    `service${index}`,
    // Else a service gets three quarters of the process's limit.
    { listen: `127.0.0.1:${port}`, port: site.nodePort, health: 'tcp', max_sessions: site.maxSessions },
  ]);
  return stringify({
    version: 1,
    nodes: Object.fromEntries(site.nodes.map((address, index) => [`node${index}`, address])),
    services: Object.fromEntries(services),
    http: { listen: `127.0.0.1:${site.extraPort}` },
    admin: { socket: join(site.folder, 'admin.sock'), state: join(site.folder, 'state.json') },
    log: { level: 'warn', sessions: 'none' },
    max_sessions: site.maxSessions,
    relay: { kind: relay, threads },
  });
}

/** Why this relay can't run here. */
function missing(relay: Relay): string | undefined {
  if (!existsSync(program)) return 'dist/src/main.js is not built (npm run build)';
  if (relay === 'net') return undefined;
  const { stdout } = spawnSync(process.execPath, [program, 'version', '--verbose'], { encoding: 'utf8' });
  const [line = 'relay unknown'] = stdout.split('\n').filter((text) => text.startsWith('relay '));
  return line.startsWith('relay native') ? undefined : line;
}

function peer(relay: Relay, title: string, threads: number | 'auto' = 'auto', name: string = relay): Peer {
  return {
    name,
    title,
    settings: `relay.kind ${relay}, roundrobin, health tcp, log.sessions none, /metrics on, every default otherwise`,
    missing: () => missing(relay),
    launch: (site) => {
      const file = join(site.folder, 'chargehand.yaml');
      return { files: { [file]: config(site, relay, threads) }, command: [...site.node, program, 'run', '-c', file] };
    },
  };
}

export const native = peer('native', 'chargehand');
export const net = peer('net', 'chargehand, net');

/** The relays of chargehand, the one that runs by default first. */
export const OURS: readonly Peer[] = [native, net];

/** The native relay with so many threads, wherever the process may run. */
export function nativeWith(threads: number): Peer {
  return peer('native', threads === 1 ? '1 relay thread' : `${threads} relay threads`, threads, `native-${threads}`);
}
