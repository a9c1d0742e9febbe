// HAProxy as fast as it goes in bulk: 256 kB buffers, and every transfer spliced.

import { haproxyMissing, launchHaproxy } from './haproxy.ts';
import type { Peer } from './peer.ts';

const PIPES = 200;

export const haproxyTuned: Peer = {
  name: 'haproxy-tuned',
  title: 'HAProxy, tuned',
  settings: `the same with tune.bufsize and tune.pipesize 262144, option splice-request and splice-response, maxpipes ${PIPES}`,
  missing: haproxyMissing,
  launch: (site) =>
    launchHaproxy(
      site,
      ['  tune.bufsize 262144', '  tune.pipesize 262144', `  maxpipes ${PIPES}`],
      ['  option splice-request', '  option splice-response'],
    ),
};
