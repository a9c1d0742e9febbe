// What both HAProxy peers share: the usual Smart Proxy haproxy.cfg with one thread, and a place for more settings.

import { join } from 'node:path';
import { found } from '../found.ts';
import type { Launch, Site } from './peer.ts';

export const haproxyMissing = () =>
  found('haproxy') ? undefined : 'haproxy is not installed (apt-get install haproxy)';

export function launchHaproxy(site: Site, global: readonly string[], defaults: readonly string[]): Launch {
  const servers = site.nodes.map((node, index) => `  server node${index} ${node}:${site.nodePort} check`);
  const lines = [
    'global',
    // The usual file says 4000; the idle sessions of the bench need more. HAProxy refuses to start where two descriptors
    // a session, pipes included, pass the limit.
    `  maxconn ${site.maxSessions}`,
    '  nbthread 1',
    ...global,
    'defaults',
    '  mode tcp',
    '  retries 3',
    '  timeout connect 10s',
    '  timeout client 1m',
    '  timeout server 1m',
    `  maxconn ${site.maxSessions}`,
    ...defaults,
    ...site.ports.flatMap((port) => [
      `listen service${port}`,
      `  bind 127.0.0.1:${port} backlog 4096`,
      '  balance roundrobin',
      '  option tcp-check',
      ...servers,
    ]),
  ];
  const file = join(site.folder, 'haproxy.cfg');
  return { files: { [file]: `${lines.join('\n')}\n` }, command: ['haproxy', '-db', '-f', file] };
}
