// What a session says of itself: the PROXY protocol in and out, and the address that nodes are dialled from.

import { isAddress } from '../../core/address.ts';
import type { RawService } from '../raw.ts';
import { last, type ProxySection } from './proxy.ts';
import type { Remarks } from './remarks.ts';
import type { Server } from './server.ts';

const EVERYBODY = ['0.0.0.0/0', '::/0'];

export function proxyProtocolOf(
  accepts: boolean,
  proxyFrom: readonly string[],
  servers: readonly Server[],
  front: ProxySection,
  remarks: Remarks,
): RawService {
  const sends = new Set(servers.map(sendsOf));
  const [send] = sends;
  const odd = servers.find((server) => sendsOf(server) !== send);
  if (odd !== undefined)
    remarks.lost(odd.line, 'send-proxy is for all nodes of a service or for none: as the first server has it');
  for (const { line, settings } of servers) {
    const word = ['send-proxy-v2-ssl', 'send-proxy-v2-ssl-cn', 'proxy-v2-options'].find((key) => settings.has(key));
    if (word !== undefined)
      remarks.grouped('the header is plain v2: it says the addresses, and nothing of TLS', line, word);
  }
  if (accepts) {
    remarks.note(
      front.line,
      `${front.name} takes a PROXY header from everybody: name the networks that really send it in proxy_protocol.accept`,
    );
  }
  const accept = accepts ? EVERYBODY : [...new Set(proxyFrom)];
  if (accept.length === 0 && send === undefined) return {};
  return {
    proxy_protocol: { ...(accept.length === 0 ? {} : { accept }), ...(send === undefined ? {} : { send }) },
  };
}

function sendsOf({ settings }: Server): 'v1' | 'v2' | undefined {
  if ([...settings.keys()].some((key) => key.startsWith('send-proxy-v2'))) return 'v2';
  return settings.has('send-proxy') ? 'v1' : undefined;
}

export function sourceAddressOf(back: ProxySection, servers: readonly Server[], remarks: Remarks): RawService {
  const statement = last(back, 'source');
  if (statement?.words.includes('usesrc') || servers.some(({ settings }) => settings.has('usesrc'))) {
    const line = statement?.line ?? servers.find(({ settings }) => settings.has('usesrc'))?.line ?? back.line;
    remarks.lost(
      line,
      "usesrc: nodes see the load balancer's address; PROXY protocol tells Apache and mosquitto the client's",
    );
  }
  if (statement?.words.includes('interface')) remarks.lost(statement.line, 'source … interface has no counterpart');
  const given = new Set(servers.map(({ settings }) => settings.get('source') ?? statement?.words[1]));
  const [text] = given;
  const line = servers[0]?.line ?? back.line;
  if (given.size > 1) remarks.lost(line, 'source differs from server to server: the first was written for all');
  if (text === undefined) return {};
  const address = text.replace(/^(?:ipv4|ipv6)@/, '').replace(/^\[(.*)\](?::.*)?$/, '$1');
  const [host = '', port] = address.includes('.') ? address.split(':') : [address];
  if (port !== undefined && port !== '')
    remarks.lost(line, `source ${text}: the address is carried over, the ports are not`);
  if (['0.0.0.0', '::', '*', ''].includes(host)) return {};
  if (isAddress(host)) return { source_address: host };
  remarks.lost(line, `source ${text} is no address`);
  return {};
}
