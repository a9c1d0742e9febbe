// chargehand itself, as built by `npm run build`.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Peer, Site } from './peer.ts';

const program = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

function config(site: Site): string {
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
  });
}

export const ours: Peer = {
  name: 'ours',
  title: 'chargehand',
  settings: 'roundrobin, health tcp, log.sessions none, /metrics on, every default otherwise',
  missing: () => (existsSync(program) ? undefined : 'dist/src/main.js is not built (npm run build)'),
  launch: (site) => {
    const file = join(site.folder, 'chargehand.yaml');
    return { files: { [file]: config(site) }, command: [...site.node, program, 'run', '-c', file] };
  },
};
