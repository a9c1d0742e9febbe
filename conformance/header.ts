// PROXY headers as cases write and read them: by the letter of the specification (HAProxy's doc/proxy-protocol.txt), and
// with nothing of chargehand's own reader and writer.

/** Whom the headers here name as the client, as logs tell it. */
export const NAMED = '192.0.2.7:40000';
export const NAMED_6 = '[2001:db8::7]:40000';

export const V1 = 'PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n';
export const V1_6 = 'PROXY TCP6 2001:db8::7 2001:db8::1 40000 443\r\n';
export const V1_UNKNOWN = 'PROXY UNKNOWN\r\n';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const PORTS = '9c4001bb';
const IPV4 = `c0000207c6336401${PORTS}`;
const IPV6 = `20010db800000000000000000000000720010db8000000000000000000000001${PORTS}`;

/** A binary header: version and command, family and protocol, and what follows its length, in hexadecimal. */
function binary(command: string, family: string, block: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(block.length / 2);
  return Buffer.concat([SIGNATURE, Buffer.from(command + family, 'hex'), length, Buffer.from(block, 'hex')]);
}

export const V2 = binary('21', '11', IPV4);
export const V2_6 = binary('21', '21', IPV6);
export const V2_LOCAL = binary('20', '00', '');
/** With a value of a type of somebody's own, 300 bytes long. */
export const V2_VALUES = binary('21', '11', `${IPV4}e0012c${'ab'.repeat(300)}`);
export const V2_VERSION_3 = binary('31', '11', IPV4);
/** Says that it ends in the middle of its addresses. */
export const V2_SHORT = binary('21', '11', 'c0000207');
/** Its value says that it is longer than the header. */
export const V2_VALUE_CUT = binary('21', '11', `${IPV4}e000ff01`);

/** What a node was told, in words: `v1, TCP4 from CLIENT to LISTENER, then "…"`. */
export function toldInHeader(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  const [line, how, from, to, fromPort, toPort] =
    /^PROXY (TCP4|TCP6) (\S+) (\S+) (\d+) (\d+)\r\n/.exec(text) ?? /^PROXY (UNKNOWN)\r\n/.exec(text) ?? [];
  if (line !== undefined) return `v1, ${parties(how, from, fromPort, to, toPort)}${rest(bytes, line.length)}`;
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return `no header: ${JSON.stringify(text)}`;
  const length = bytes.readUInt16BE(14);
  const kind = bytes.toString('hex', 12, 14);
  const after = rest(bytes, 16 + length);
  if (kind === '2000' && length === 0) return `v2, LOCAL${after}`;
  if (kind === '2111' && length === 12) return `v2, ${binaryParties(bytes, 4, 'TCP4')}${after}`;
  if (kind === '2121' && length === 36) return `v2, ${binaryParties(bytes, 16, 'TCP6')}${after}`;
  return `v2, ${bytes.toString('hex', 12, 16 + length)}${after}`;
}

const rest = (bytes: Buffer, at: number) => `, then ${JSON.stringify(bytes.toString('latin1', at))}`;

function binaryParties(bytes: Buffer, size: number, how: string): string {
  const [from, to] = [16, 16 + size].map((at) => address(bytes.subarray(at, at + size)));
  const ports = 16 + 2 * size;
  return parties(how, from, String(bytes.readUInt16BE(ports)), to, String(bytes.readUInt16BE(ports + 2)));
}

function address(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  // As a URL writes it: the short form, in brackets.
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function parties(how: string | undefined, from = '', fromPort = '', to = '', toPort = ''): string {
  return fromPort === '' ? `${how}` : `${how} from ${place(from, fromPort)} to ${place(to, toPort)}`;
}

const place = (host: string, port: string) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
