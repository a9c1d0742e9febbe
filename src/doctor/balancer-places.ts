// Where the load balancer is asked for a service: at its own listeners on this machine or, where nothing of it runs here,
// at what the name leads to.

import type { ListenAddress, ServiceConfig } from '../config/config.ts';
import { cidrMatcher } from '../core/address.ts';
import type { ProbeTarget } from '../health/probes/probe.ts';
import { probePreamble } from '../net/proxy-preamble.ts';

export interface Place {
  readonly target: ProbeTarget;
  /** A PROXY header, where this machine is among those that must send one. */
  readonly preamble: Buffer | undefined;
}

type TcpAddress = Extract<ListenAddress, { kind: 'tcp' }>;

/**
 * The first listener that can be dialled; undefined: there is none (a Unix socket, or one of systemd's), or none that lets
 * this machine in. Who dials an address of its own comes from that address.
 */
export function localPlace({ listen, proxyProtocol, allow, deny }: ServiceConfig): Place | undefined {
  const isAllowed = allow.length === 0 ? (): boolean => true : cidrMatcher(allow);
  const isDenied = cidrMatcher(deny);
  const targets = listen.filter(isTcp).map(({ host, port }) => ({ address: reachable(host), port }));
  const target = targets.find(({ address }) => isAllowed(address) && !isDenied(address));
  if (target === undefined) return undefined;
  const mustSend = cidrMatcher(proxyProtocol.accept)(target.address);
  return { target, preamble: mustSend ? probePreamble('v1') : undefined };
}

/** The same port at another machine. */
export function remotePlace({ listen }: ServiceConfig, address: string): Place | undefined {
  const first = listen.find(isTcp);
  return first && { target: { address, port: first.port }, preamble: undefined };
}

/** Whether any of its nodes takes sessions; else it turns everyone away, as it was told to. */
export function isServed({ backends }: ServiceConfig): boolean {
  return backends.some(({ admin }) => admin === 'ready');
}

export function isTcp(address: ListenAddress): address is TcpAddress {
  return address.kind === 'tcp';
}

function reachable(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
