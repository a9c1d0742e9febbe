// What is said when everything is bound: a line a service and one for the whole, and the few words that systemd shows.

import type { Config } from '../config/config.ts';
import type { LoadBalancer } from '../load-balancer.ts';
import type { RelayChoice } from '../net/relay-choice.ts';
import type { SocketWay } from '../net/socket-way.ts';
import type { Log } from '../observe/log.ts';

export interface Started {
  readonly config: Config;
  readonly balancer: Pick<LoadBalancer, 'snapshot' | 'sessions'>;
  readonly relay: RelayChoice;
  readonly sockets: SocketWay;
  /** Where the read-only port listens; undefined: it does not. */
  readonly http: string | undefined;
}

export function tellReady(log: Pick<Log, 'notice'>, { config, balancer, relay, sockets, http }: Started): void {
  for (const service of balancer.snapshot()) {
    log.notice('info', 'service listens', {
      service: service.service,
      listen: service.listen.join(' '),
      balance: service.strategy,
      nodes: service.backends.map((b) => b.node).join(' '),
      max_sessions: service.limit,
    });
  }
  log.notice('info', 'chargehand is ready', {
    services: config.services.length,
    nodes: config.nodes.length,
    max_sessions: balancer.sessions.limit,
    relay: relay.kind,
    relay_threads: relay.threads,
    relay_why: relay.reason,
    sockets: sockets.kind,
    ...(http === undefined ? {} : { metrics: `http://${http}/metrics` }),
  });
}

/** `9 services on 3 nodes`. */
export function inWords({ services, nodes }: Config): string {
  return `${counted(services.length, 'service')} on ${counted(nodes.length, 'node')}`;
}

function counted(n: number, what: string): string {
  return n === 1 ? `1 ${what}` : `${n} ${what}s`;
}
