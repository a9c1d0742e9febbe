// nginx stream with its defaults: 16 kB buffers.

import { launchNginx, nginxMissing } from './nginx.ts';
import type { Peer } from './peer.ts';

export const nginxUsual: Peer = {
  name: 'nginx-usual',
  title: 'nginx, usual',
  settings: 'stream, worker_processes 1, defaults',
  missing: nginxMissing,
  launch: (site) => launchNginx(site, []),
};
