// The `server` lines of a backend: where each is, its share, whether it takes sessions, and what its line says of checks
// and limits. What follows from that for a service is for others to say.

import { isAddress } from '../../core/address.ts';
import type { ProxySection } from './proxy.ts';
import type { Remarks } from './remarks.ts';

export interface Server {
  readonly name: string;
  readonly line: number;
  readonly host: string;
  /** As written: a port, `+N` or `-N` beside the port that the client dialled, or none. */
  readonly port: string;
  readonly weight: number;
  readonly backup: boolean;
  readonly disabled: boolean;
  /** Its other keywords with their arguments, those of `default-server` included. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Keywords with their number of arguments; `no-…` takes one back. */
const ARGUMENTS: Readonly<Record<string, number>> = {
  ...{ addr: 1, 'agent-addr': 1, 'agent-check': 0, 'agent-inter': 1, 'agent-port': 1, 'agent-send': 1, alpn: 1 },
  ...{ backup: 0, 'ca-file': 1, check: 0, 'check-alpn': 1, 'check-proto': 1, 'check-send-proxy': 0, 'check-sni': 1 },
  ...{ 'check-ssl': 0, 'check-via-socks4': 0, ciphers: 1, ciphersuites: 1, cookie: 1, 'crl-file': 1, crt: 1 },
  ...{
    disabled: 0,
    downinter: 1,
    enabled: 0,
    'error-limit': 1,
    fall: 1,
    fastinter: 1,
    id: 1,
    'init-addr': 1,
    inter: 1,
  },
  ...{ 'init-state': 1, 'log-proto': 1, 'max-reuse': 1, maxconn: 1, maxqueue: 1, minconn: 1, namespace: 1 },
  ...{ 'non-stick': 0, observe: 1, 'on-error': 1, 'on-marked-down': 1, 'on-marked-up': 1, 'pool-low-conn': 1 },
  ...{ 'pool-max-conn': 1, 'pool-purge-delay': 1, port: 1, proto: 1, 'proxy-v2-options': 1, redir: 1 },
  ...{ 'resolve-net': 1, 'resolve-opts': 1, 'resolve-prefer': 1, resolvers: 1, rise: 1, 'send-proxy': 0 },
  ...{ 'send-proxy-v2': 0, 'send-proxy-v2-ssl': 0, 'send-proxy-v2-ssl-cn': 0, slowstart: 1, sni: 1, socks4: 1 },
  ...{ source: 1, usesrc: 1, interface: 1, ssl: 0, stick: 0, 'tcp-ut': 1, tfo: 0, track: 1, verify: 1, verifyhost: 1 },
  ...{ weight: 1, ws: 1, guid: 1, 'hash-key': 1, shard: 1, 'tcp-md5sig': 1, cc: 1, 'strict-maxconn': 0 },
};
/** Say nothing about where traffic goes. */
const SILENT = new Set([
  ...['id', 'guid', 'max-reuse', 'pool-low-conn', 'pool-max-conn', 'pool-purge-delay', 'tfo', 'tcp-ut', 'cc', 'ws'],
  ...[
    'proto',
    'alpn',
    'redir',
    'stick',
    'non-stick',
    'enabled',
    'verify',
    'ca-file',
    'error-limit',
    'downinter',
    'shard',
  ],
]);
const BEYOND = new Set(['namespace', 'socks4', 'agent-check', 'track', 'check-via-socks4', 'tcp-md5sig', 'interface']);
const NAMES_AGAIN = 'chargehand asks for the addresses of names again by itself';

/** undefined: they can't be carried over at all. */
export function serversOf(proxy: ProxySection, remarks: Remarks): Server[] | undefined {
  const servers: Server[] = [];
  let defaults: ReadonlyMap<string, string> = new Map();
  for (const { line, words } of proxy.statements) {
    if (words[0] === 'default-server') defaults = settingsOf(words.slice(1), defaults, line, remarks);
    if (words[0] !== 'server') continue;
    const [, name = '', address = '', ...rest] = words;
    const settings = settingsOf(rest, defaults, line, remarks);
    if (settings.has('ssl')) {
      remarks.lost(line, `${name} is spoken to by TLS that HAProxy adds: ${proxy.name} is not carried over`);
      return undefined;
    }
    const place = placeOf(address);
    if (typeof place === 'string') {
      remarks.lost(line, `server ${name}: ${place}`);
      continue;
    }
    servers.push({ name, line, ...place, ...shareOf(settings, line, remarks), settings });
  }
  return servers;
}

function shareOf(settings: ReadonlyMap<string, string>, line: number, remarks: Remarks) {
  const given = settings.get('weight');
  const weight = given === undefined ? 1 : /^[0-9]{1,3}$/.test(given) ? Number(given) : Number.NaN;
  const sound = weight >= 0 && weight <= 256;
  if (!sound) remarks.lost(line, `weight ${given} is none that HAProxy takes (0 to 256): written as 1`);
  return { weight: sound ? weight : 1, backup: settings.has('backup'), disabled: settings.has('disabled') };
}

function settingsOf(
  words: readonly string[],
  defaults: ReadonlyMap<string, string>,
  line: number,
  remarks: Remarks,
): ReadonlyMap<string, string> {
  const settings = new Map(defaults);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const count = ARGUMENTS[word];
    if (count === undefined) {
      if (word.startsWith('no-')) {
        settings.delete(word.slice('no-'.length));
        continue;
      }
      if (word.startsWith('ssl-') || word.startsWith('force-tls') || word.startsWith('tls-')) continue;
      remarks.lost(line, `"${word}" of the server, and what follows it, is not carried over`);
      break;
    }
    if (word === 'enabled') settings.delete('disabled');
    else settings.set(word, count === 0 ? '' : (words[++i] ?? ''));
    if (BEYOND.has(word)) remarks.lost(line, `${word} of a server has no counterpart`);
    if (word === 'resolvers' || word === 'init-addr' || word.startsWith('resolve-')) {
      remarks.grouped(NAMES_AGAIN, line, word);
    } else if (word === 'cookie') {
      remarks.note(line, 'cookie means something only in mode http');
    } else if (SILENT.has(word) && word !== 'enabled' && word !== 'id') {
      remarks.grouped('says nothing about where sessions go, and has no counterpart', line, word);
    }
  }
  return settings;
}

/** Or in words why it is nothing that can be dialled. */
function placeOf(text: string): { readonly host: string; readonly port: string } | string {
  const address = text.replace(/^(?:ipv4|ipv6|tcp|tcp4|tcp6)@/, '');
  if (address.includes('@') || address.startsWith('/')) return `${text} is no TCP address: nodes are dialled by TCP`;
  const { host = address, port = '' } = /^(?<host>.*):(?<port>[+-]?[0-9]*)$/.exec(address)?.groups ?? {};
  const whole =
    isAddress(address) && address.includes(':') && !/^\[/.test(address) ? splitIpv6(address) : { host, port };
  const plain = whole.host.replace(/^\[(.*)\]$/, '$1');
  if (['', '*', '0.0.0.0', '::'].includes(plain)) return `${text}: the client's own destination is not known here`;
  if (isAddress(plain)) return { host: plain, port: whole.port };
  const name = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/.test(plain) && !/(^|\.)[0-9]+$/.test(plain);
  return name ? { host: plain, port: whole.port } : `${text} is neither an address nor a DNS name`;
}

/** HAProxy takes what follows the last colon for the port, whatever the rest looks like. */
function splitIpv6(address: string): { readonly host: string; readonly port: string } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at), port: address.slice(at + 1) };
}
