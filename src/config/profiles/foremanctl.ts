// Smart Proxies of the container-based installer: today's, but with the Smart Proxy itself on 8443. A table, no logic.

import { FOREMAN_CURRENT } from './foreman-current.ts';
import type { ProfileRow } from './profile.ts';

const PORTS = { listen: 8443, port: 8443 };

export const FOREMANCTL: readonly ProfileRow[] = FOREMAN_CURRENT.map((row) =>
  row.name === 'smart-proxy' ? { ...row, service: { ...row.service, ...PORTS } } : row,
);
