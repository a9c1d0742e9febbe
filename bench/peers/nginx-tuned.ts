// nginx stream with large buffers.

import { launchNginx, nginxMissing } from './nginx.ts';
import type { Peer } from './peer.ts';

export const nginxTuned: Peer = {
  name: 'nginx-tuned',
  title: 'nginx, tuned',
  settings: 'the same with proxy_buffer_size 256k',
  missing: nginxMissing,
  launch: (site) => launchNginx(site, ['proxy_buffer_size 256k;']),
};
