// HAProxy as people run it in front of Smart Proxies: 16 kB buffers, no splice.

import { haproxyMissing, launchHaproxy } from './haproxy.ts';
import type { Peer } from './peer.ts';

export const haproxyUsual: Peer = {
  name: 'haproxy-usual',
  title: 'HAProxy, usual',
  settings: 'nbthread 1, the usual Smart Proxy haproxy.cfg, maxconn raised',
  missing: haproxyMissing,
  launch: (site) => launchHaproxy(site, [], []),
};
