// What a text must be beyond its pattern. Each check says in words what is wrong with a text, or undefined: nothing. For
// ajv they are formats; their words replace ajv's.

import { isAddress, isUnicast } from '../core/address.ts';
import { socketPathFault } from '../core/socket-path.ts';
import { cidrFault } from './cidr.ts';
import { LONGEST_MS, parseDuration } from './duration.ts';
import { parseListen } from './listen-address.ts';

export type FormatCheck = (text: string) => string | undefined;

export const FORMATS: Readonly<Record<string, FormatCheck>> = {
  duration: durationFrom(0, '0s'),
  'duration-100ms': durationFrom(100, '100ms'),
  'duration-1s': durationFrom(1_000, '1s'),
  'duration-1m': durationFrom(60_000, '1m', 'and each time every node is asked everything'),
  cidr: cidrFault,
  listen: (text) => faultOf(parseListen(text)),
  'socket-path': socketPathFault,
  'http-listen': httpListenFault,
  host: hostFault,
  hostname: (text) => (isHostName(text) ? undefined : 'must be a DNS name'),
  'source-address': (text) => (text === 'none' || isAddress(text) ? undefined : 'must be an IP address, or none'),
};

function durationFrom(leastMs: number, least: string, why = 'how often it is looked at'): FormatCheck {
  return (text) => {
    const ms = parseDuration(text);
    if (ms === undefined) return `must be a duration such as 5s, at most ${Math.floor(LONGEST_MS / 3_600_000)}h`;
    return ms < leastMs ? `is shorter than ${least}, ${why}: write ${least} or more` : undefined;
  };
}

function faultOf(entry: object | string): string | undefined {
  return typeof entry === 'string' ? entry : undefined;
}

function httpListenFault(text: string): string | undefined {
  const entry = parseListen(text);
  if (typeof entry === 'string') return entry;
  return entry.kind === 'tcp' && entry.first === entry.last ? undefined : 'must be a port or "ADDRESS:PORT"';
}

/** RFC 1123, with the underscore that some name servers allow. A last label of digits is a mistyped address. */
function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.');
  const wellFormed = labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label));
  return text.length <= 253 && wellFormed && !/^[0-9]+$/.test(labels.at(-1) ?? '');
}

function hostFault(text: string): string | undefined {
  if (isAddress(text)) return isUnicast(text) ? undefined : 'must be the address of one machine';
  if (isHostName(text)) return undefined;
  const host = /^\[?([^[\]]+)\]?:[0-9]+$/.exec(text)?.[1];
  if (host !== undefined && (isAddress(host) || isHostName(host))) {
    return `has a port in it: write "${host}" here, and the port at the service or in ports:`;
  }
  return 'must be an IP address or a DNS name';
}
