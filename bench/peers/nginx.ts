// What both nginx peers share: a stream server a service, one worker.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { found } from '../found.ts';
import type { Launch, Site } from './peer.ts';

/** Where Debian puts the module; other builds have it inside. */
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

export function nginxMissing(): string | undefined {
  if (!found('nginx')) return 'nginx is not installed (apt-get install nginx-light libnginx-mod-stream)';
  if (!existsSync(STREAM_MODULE)) return 'nginx has no stream module (apt-get install libnginx-mod-stream)';
  return undefined;
}

export function launchNginx(site: Site, settings: readonly string[]): Launch {
  const lines = [
    `load_module ${STREAM_MODULE};`,
    'daemon off;',
    'worker_processes 1;',
    `pid ${join(site.folder, 'nginx.pid')};`,
    'error_log stderr crit;',
    `events { worker_connections ${2 * site.maxSessions + 100}; }`,
    'stream {',
    '  upstream nodes {',
    ...site.nodes.map((node) => `    server ${node}:${site.nodePort};`),
    '  }',
    ...settings.map((line) => `  ${line}`),
    ...site.ports.map((port) => `  server { listen 127.0.0.1:${port} backlog=4096; proxy_pass nodes; }`),
    '}',
  ];
  const file = join(site.folder, 'nginx.conf');
  return {
    files: { [file]: `${lines.join('\n')}\n` },
    command: ['nginx', '-p', site.folder, '-e', 'stderr', '-c', file],
  };
}
