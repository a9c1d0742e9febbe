// How the system is asked for the addresses of a name: names in /etc/hosts by getaddrinfo, others by DNS with their TTL,
// and by getaddrinfo again where DNS has no answer. Asks once; the schedule is the resolver's.

import { lookup, Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';

/** Addresses of a name, and for how long they are good, in milliseconds. */
export interface Answer {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
  /** One family could not be asked: there may be more addresses. */
  readonly partial?: boolean;
}

export interface Lookup {
  /** Rejects when the name has no address, or nobody could be asked. */
  ask(host: string): Promise<Answer>;
  /** Ends the questions that run. */
  close(): void;
}

/** What getaddrinfo says comes without a TTL. */
const HOSTS_TTL_MS = 30_000;
/** For each server and each try; the next question comes soon enough. */
const DNS_TIMEOUT_MS = 2000;
const DNS_TRIES = 2;
/** Answers, not failures: the name has no address of this family. */
const NOTHING: ReadonlySet<string> = new Set(['ENODATA', 'ENOTFOUND']);

/** `servers`: DNS servers as `ip:port`; left out: the system's. */
export function systemLookup(servers?: readonly string[]): Lookup {
  const dns = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES });
  if (servers !== undefined) dns.setServers(servers);
  return {
    async ask(host) {
      const answer = (await isInHostsFile(host)) ? undefined : await askDns(dns, host);
      if (answer !== undefined) return answer;
      const found = await lookup(host, { all: true });
      return { addresses: found.map((f) => f.address), ttlMs: HOSTS_TTL_MS };
    },
    close: () => dns.cancel(),
  };
}

async function askDns(dns: Resolver, host: string): Promise<Answer | undefined> {
  const answers = await Promise.allSettled([dns.resolve4(host, { ttl: true }), dns.resolve6(host, { ttl: true })]);
  const records = answers.flatMap((a) => (a.status === 'fulfilled' ? a.value : []));
  if (records.length === 0) return undefined;
  return {
    addresses: records.map((r) => r.address),
    ttlMs: Math.min(...records.map((r) => r.ttl)) * 1000,
    partial: answers.some((a) => a.status === 'rejected' && !NOTHING.has(String(a.reason?.code))),
  };
}

async function isInHostsFile(host: string): Promise<boolean> {
  const text = await readFile('/etc/hosts', 'utf8').catch(() => '');
  const wanted = host.toLowerCase();
  return text.split('\n').some((line) => {
    const [, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return names.some((name) => name.toLowerCase() === wanted);
  });
}
