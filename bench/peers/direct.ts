// No proxy: what the load and the backend reach by themselves.

import type { Peer } from './peer.ts';

export const direct: Peer = {
  name: 'direct',
  title: 'no proxy',
  settings: 'the load dials the nodes itself',
  missing: () => undefined,
  launch: () => undefined,
};
