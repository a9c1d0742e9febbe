// The least that a proxy on Node can be: `a.pipe(b)` both ways.

import { fileURLToPath } from 'node:url';
import type { Peer } from './peer.ts';

const program = fileURLToPath(new URL('bare-pipe-server.mjs', import.meta.url));

export const barePipe: Peer = {
  name: 'bare-pipe',
  title: 'bare a.pipe(b)',
  settings: 'net.createServer, two pipes, round robin, no timeouts, no records',
  missing: () => undefined,
  launch: (site) => ({
    files: {},
    command: [
      ...site.node,
      program,
      site.ports.join(','),
      site.nodes.map((node) => `${node}:${site.nodePort}`).join(','),
    ],
  }),
};
