// The `bind` lines of a frontend: what a service listens on, how IPv4 clients look there, and what can't be had.

import { parseListen } from '../listen-address.ts';
import type { RawListen } from '../raw.ts';
import { all, type ProxySection } from './proxy.ts';
import type { Remarks } from './remarks.ts';

export interface Binds {
  readonly listen: RawListen;
  /** The one TCP port of all of them, if there is one. */
  readonly port: number | undefined;
  /** Whether HAProxy sees IPv4 clients as IPv4-mapped IPv6. */
  readonly v4Mapped: boolean;
  readonly acceptProxy: boolean;
  /** Line of a bind that sees them otherwise than the first; undefined: all see them alike. */
  readonly mixedLine: number | undefined;
}

interface Bind {
  readonly line: number;
  /** As ours writes it. */
  readonly entry: string | number;
  /** Which addresses: all of IPv4, all of IPv6 (with IPv4 or without), or one. */
  readonly scope: 'ipv4' | 'ipv6' | 'ipv6-only' | 'one';
  readonly ports: string;
  readonly acceptProxy: boolean;
}

/** Keywords of a bind with what they mean to us, and how many words follow. */
const HARMLESS: Readonly<Record<string, number>> = {
  ...{ name: 1, id: 1, backlog: 1, nice: 1, process: 1, thread: 1, shards: 1, 'tcp-ut': 1, tfo: 0, 'defer-accept': 0 },
  ...{ mss: 1, 'expose-fd': 1, level: 1, 'severity-output': 1, 'idle-ping': 1, cc: 1, label: 1, 'guid-prefix': 1 },
  noreuseport: 0,
};
/** Who may open a Unix socket, and what a socket unit of systemd calls it. */
const OWNED_SOCKET: Readonly<Record<string, string>> = {
  mode: 'SocketMode',
  user: 'SocketUser',
  uid: 'SocketUser',
  group: 'SocketGroup',
  gid: 'SocketGroup',
};
/** These make it another listener than ours can be. */
const BEYOND: Readonly<Record<string, number>> = {
  interface: 1,
  namespace: 1,
  transparent: 0,
  'accept-netscaler-cip': 1,
};
const EVERYWHERE = 'listens on IPv6 as well; write listen: "0.0.0.0:PORT" for IPv4 alone';

/** undefined: nothing that a service could listen on. */
export function bindsOf(proxy: ProxySection, remarks: Remarks): Binds | undefined {
  const binds: Bind[] = [];
  for (const { line, words } of all(proxy, 'bind')) {
    const [, addresses = '', ...options] = words;
    const read = optionsOf(options, line, remarks);
    if (read.ssl) {
      remarks.lost(
        line,
        `${proxy.name} ends TLS here, and chargehand passes TLS through: this service is not carried over`,
      );
      return undefined;
    }
    for (const address of addresses.split(',')) {
      const bind = parseBind(address, line, read, remarks);
      if (bind !== undefined) binds.push(bind);
    }
  }
  return together(binds, remarks);
}

interface Options {
  readonly ssl: boolean;
  readonly acceptProxy: boolean;
  readonly v6only: boolean;
  /** As a socket unit has it: `SocketMode=666`. */
  readonly owned: readonly string[];
}

function optionsOf(options: readonly string[], line: number, remarks: Remarks): Options {
  const flags = new Set<string>();
  const owned: string[] = [];
  for (let i = 0; i < options.length; i++) {
    const option = options[i] ?? '';
    flags.add(option);
    if (option === 'ssl') break;
    if (option === 'maxconn') {
      remarks.note(line, `maxconn ${options[++i]} of the bind: max_sessions of the service would limit it`);
    } else if (HARMLESS[option] !== undefined) {
      i += HARMLESS[option];
    } else if (OWNED_SOCKET[option] !== undefined) {
      owned.push(`${OWNED_SOCKET[option]}=${options[++i]}`);
    } else if (BEYOND[option] !== undefined) {
      remarks.lost(line, `${option} of a bind has no counterpart`);
      i += BEYOND[option];
    } else if (!['accept-proxy', 'v4v6', 'v6only', 'crt'].includes(option)) {
      // Words of TLS may stand before the one that ends it here.
      if (options.includes('ssl', i)) flags.add('ssl');
      else remarks.lost(line, `"${option}" of the bind, and what follows it, is not carried over`);
      break;
    }
  }
  return {
    ssl: flags.has('ssl') || flags.has('crt'),
    acceptProxy: flags.has('accept-proxy'),
    v6only: flags.has('v6only'),
    owned,
  };
}

function parseBind(text: string, line: number, options: Options, remarks: Remarks): Bind | undefined {
  const { acceptProxy, owned } = options;
  const address = text.replace(/^(?:ipv4|ipv6|tcp|tcp4|tcp6|unix|uxst)@/, '');
  if (address.startsWith('/')) {
    if (letsOthersIn(owned)) {
      const unit = `a socket unit of systemd with ${owned.join(', ')} and listen: "systemd:NAME" let others in`;
      remarks.lost(line, `bind ${text}: only the user that chargehand runs as can open it: ${unit}`);
    }
    return checked({ line, entry: `unix:${address}`, scope: 'one', ports: '', acceptProxy }, remarks);
  }
  if (owned.length > 0) remarks.note(line, `mode and owner of bind ${text} mean something only for a Unix socket`);
  const found = /^(?:(?<host>.*):)?(?<ports>[0-9]+(?:-[0-9]+)?)$/.exec(address);
  if (found === null || address.includes('@')) {
    remarks.lost(line, `bind ${text}: only TCP ports and paths of Unix sockets are carried over`);
    return undefined;
  }
  const { host = '', ports = '' } = found.groups ?? {};
  const plain = host.replace(/^\[(.*)\]$/, '$1');
  const number = /^[0-9]+$/.test(ports) ? Number(ports) : ports;
  if (plain === '' || plain === '*' || plain === '0.0.0.0') {
    // A prefix says which family an empty address means.
    const ipv6 = /^(?:ipv6|tcp6)@/.test(text);
    remarks.grouped(EVERYWHERE, line, `bind ${text}`);
    return checked({ line, entry: number, scope: ipv6 ? 'ipv6' : 'ipv4', ports, acceptProxy }, remarks);
  }
  if (plain === '::') {
    const scope = options.v6only ? 'ipv6-only' : 'ipv6';
    return checked({ line, entry: number, scope, ports, acceptProxy }, remarks);
  }
  const entry = plain.includes(':') ? `[${plain}]:${ports}` : `${plain}:${ports}`;
  return checked({ line, entry, scope: 'one', ports, acceptProxy }, remarks);
}

/** A socket of ours is its user's alone, as one of mode 600 is. */
function letsOthersIn(owned: readonly string[]): boolean {
  return owned.some((one) => {
    const [, mode] = /^SocketMode=([0-7]+)$/.exec(one) ?? [];
    // To open a socket is to write to it.
    return mode === undefined || (Number.parseInt(mode, 8) & 0o022) !== 0;
  });
}

function checked(bind: Bind, remarks: Remarks): Bind | undefined {
  const entry = parseListen(bind.entry);
  if (typeof entry !== 'string') return bind;
  remarks.lost(bind.line, `bind ${String(bind.entry)}: ${entry}`);
  return undefined;
}

function together(binds: readonly Bind[], remarks: Remarks): Binds | undefined {
  const [first] = binds;
  if (first === undefined) return undefined;
  const ipv4 = new Set(binds.filter(({ scope }) => scope === 'ipv4').map(({ ports }) => ports));
  // A client over IPv4 looks mapped only where it comes through an IPv6 socket and not out of a PROXY header.
  const mapped = binds.map(({ scope, ports, acceptProxy }) => scope === 'ipv6' && !ipv4.has(ports) && !acceptProxy);
  let mixedLine: number | undefined;
  for (const [i, { scope, line, ports }] of binds.entries()) {
    if (scope === 'ipv6-only' && !ipv4.has(ports))
      remarks.note(line, 'v6only: chargehand listens for IPv4 there as well');
    const clients = scope !== 'ipv6-only' && mapped[i] !== mapped[0];
    if (clients && first.scope !== 'ipv6-only') mixedLine ??= line;
    if (binds[i]?.acceptProxy !== first.acceptProxy) {
      remarks.lost(line, 'accept-proxy is for all listeners of a service or for none: it was set for all');
    }
  }
  const entries = [...new Set(binds.map(({ entry }) => entry))];
  const ports = new Set(binds.map((bind) => bind.ports));
  const [only = ''] = ports;
  return {
    listen: entries.length === 1 ? (entries[0] ?? '') : entries,
    port: ports.size === 1 && /^[0-9]+$/.test(only) ? Number(only) : undefined,
    v4Mapped: mapped[0] ?? false,
    acceptProxy: binds.some(({ acceptProxy }) => acceptProxy),
    mixedLine,
  };
}
