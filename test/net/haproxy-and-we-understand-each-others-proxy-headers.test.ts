import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { encodeV1, encodeV2, type ParsedHeader, parseProxyHeader } from '../../src/net/proxy-protocol.ts';
import { ask, findHaproxy, freePorts, startHaproxy } from '../fixtures/real-haproxy.ts';
import { startServer } from '../fixtures/tcp.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';

const haproxy = findHaproxy();
const skip = haproxy === undefined ? 'haproxy is not installed' : false;

/** Runs these sections; HAProxy's Unix sockets are in a folder of their own, whose path is short enough for one. */
async function startSections(t: Test, sections: (folder: string, port: number) => string): Promise<[string, number]> {
  if (haproxy === undefined) throw new Error('haproxy is not installed');
  const folder = temporaryFolder(t);
  const [ready = 0, port = 0] = await freePorts(2);
  const defaults = 'defaults\n timeout connect 5s\n timeout client 20s\n timeout server 20s\n';
  const answering = `\nfrontend ready\n mode http\n bind 127.0.0.1:${ready}\n http-request return status 200\n`;
  await startHaproxy(t, haproxy, defaults + sections(folder, port) + answering, ready);
  // That one of its sockets listens is not yet all of them; that it answers is.
  const answer = await ask(ready, { hello: 'GET / HTTP/1.0\r\n\r\n' });
  if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`haproxy answers ${JSON.stringify(answer)}`);
  return [folder, port];
}

const PAIRS = {
  IPv4: { source: { address: '192.0.2.7', port: 40_000 }, destination: { address: '198.51.100.1', port: 443 } },
  IPv6: { source: { address: '2001:db8::7', port: 1 }, destination: { address: '2001:db8:1:2:3:4:5:6', port: 65_535 } },
  'IPv4 to IPv6': {
    source: { address: '192.0.2.7', port: 40_000 },
    destination: { address: '2001:db8::1', port: 443 },
  },
  'IPv6 to IPv4': {
    source: { address: '2001:db8::7', port: 40_000 },
    destination: { address: '192.0.2.1', port: 443 },
  },
};

/** What HAProxy's servers send, by its name: everything that `send-proxy` knows and a TCP client can cause. */
const SENDERS = {
  v1: 'send-proxy',
  v2: 'send-proxy-v2',
  'v2 with a checksum': 'send-proxy-v2 proxy-v2-options crc32c',
  'v2 with a checksum and a unique id': 'send-proxy-v2 proxy-v2-options crc32c,unique-id',
  'v2 with all that is known of TLS':
    'send-proxy-v2-ssl-cn proxy-v2-options crc32c,unique-id,authority,ssl-cipher,cert-key',
};

interface Understood {
  readonly parsed: ParsedHeader;
  readonly header: Buffer;
}

/** What a server of ours got before `PAYLOAD`, as we understand it. */
async function understood(socket: Socket): Promise<Understood> {
  let bytes = Buffer.alloc(0);
  while (!bytes.toString('latin1').endsWith(PAYLOAD)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  const parsed = parseProxyHeader(bytes);
  const length = parsed.kind === 'header' ? parsed.length : 0;
  if (bytes.toString('latin1', length) !== PAYLOAD) throw new Error(`not the payload behind ${length} bytes of header`);
  for (let cut = 0; cut < length; cut++) {
    if (parseProxyHeader(bytes.subarray(0, cut)).kind !== 'incomplete') throw new Error(`not incomplete at ${cut}`);
  }
  return { parsed, header: bytes.subarray(0, length) };
}

const PAYLOAD = 'what the client says';

t.test('what HAProxy sends', { skip }, async (t) => {
  const backend = await startServer(t, () => {});
  const senders = Object.entries(SENDERS);
  const [folder] = await startSections(t, (folder) =>
    senders
      .flatMap(([, options], i) =>
        ['plain', 'accept-proxy'].map(
          (kind) => `
listen ${kind}${i}
  mode tcp
  bind unix@${folder}/${kind}${i} ${kind === 'plain' ? '' : kind}
  unique-id-format id-%[uuid()]
  server s 127.0.0.1:${backend.port} ${options}
`,
        ),
      )
      .join(''),
  );

  /** Says it through one of HAProxy's sockets; gives what arrived at ours. */
  async function through(t: Test, path: string, header: Buffer): Promise<Understood> {
    const arrived = backend.accepted(backend.sockets.length);
    const client = connect(path);
    t.teardown(() => client.destroy());
    client.write(Buffer.concat([header, Buffer.from(PAYLOAD)]));
    const answer = await understood(await arrived);
    client.destroy();
    return answer;
  }

  for (const [i, [name]] of senders.entries()) {
    t.test(name, async (t) => {
      for (const [what, pair] of Object.entries(PAIRS)) {
        for (const header of [encodeV1(pair), encodeV2(pair)]) {
          const { parsed, header: got } = await through(t, `${folder}/accept-proxy${i}`, header);
          t.same(parsed, { kind: 'header', length: got.length, ...pair }, what);
          if (name.includes('checksum')) damage(t, got);
        }
      }
      const nobody = (length: number) => ({ kind: 'header', length, source: undefined, destination: undefined });
      for (const header of [encodeV1('unknown'), encodeV2('local')]) {
        const { parsed, header: got } = await through(t, `${folder}/accept-proxy${i}`, header);
        t.same(parsed, nobody(got.length), 'a client of a Unix socket, by UNKNOWN or LOCAL');
      }
      const { parsed, header } = await through(t, `${folder}/plain${i}`, Buffer.alloc(0));
      t.ok(header.length >= 15);
      t.same(parsed, nobody(header.length), 'a client of a Unix socket');
    });
  }
});

/** A header with a checksum is refused when one bit of it is another (but for the byte that says that it has one). */
function damage(t: Test, header: Buffer): void {
  // The checksum is HAProxy's first value, behind the addresses of IPv4 or IPv6.
  const type = header[13] === 0x11 ? 28 : 52;
  const taken = new Set<number>();
  for (let bit = 0; bit < header.length * 8; bit++) {
    const damaged = Buffer.from(header);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    if (parseProxyHeader(damaged).kind === 'header') taken.add(bit >> 3);
  }
  t.same([...taken], [type], 'nothing damaged is taken');
}

t.test('what HAProxy sends for a client of TCP', { skip }, async (t) => {
  const backend = await startServer(t, () => {});
  const [, port] = await startSections(
    t,
    (_folder, port) => `
listen v1
  mode tcp
  bind 127.0.0.1:${port}
  server s 127.0.0.1:${backend.port} send-proxy
`,
  );
  const client = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.9' });
  t.teardown(() => client.destroy());
  await once(client, 'connect');
  const source = { address: '127.0.0.9', port: client.localPort };
  client.write(PAYLOAD);
  const { parsed } = await understood(await backend.accepted());
  t.match(parsed, { source, destination: { address: '127.0.0.1', port } });
});

t.test('what we send', { skip }, async (t) => {
  const [folder] = await startSections(
    t,
    (folder) => `
frontend echo
  mode http
  bind unix@${folder}/echo accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]|%[fc_rcvd_proxy]"
`,
  );

  /** What HAProxy took from the header: its addresses as text, or how it ended the connection. */
  async function told(header: Buffer): Promise<string> {
    const socket = connect(`${folder}/echo`);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(Buffer.concat([header, Buffer.from('GET / HTTP/1.0\r\n\r\n')]));
    await closed;
    return answer.slice(answer.indexOf('\r\n\r\n') + 4);
  }

  const expected = {
    IPv4: '192.0.2.7 40000 198.51.100.1 443|1',
    IPv6: '2001:db8::7 1 2001:db8:1:2:3:4:5:6 65535|1',
    'IPv4 to IPv6': '::ffff:192.0.2.7 40000 2001:db8::1 443|1',
    'IPv6 to IPv4': '2001:db8::7 40000 ::ffff:192.0.2.1 443|1',
  };
  for (const [what, pair] of Object.entries(PAIRS)) {
    const addresses = expected[what as keyof typeof PAIRS];
    t.equal(await told(encodeV1(pair)), addresses, `v1, ${what}`);
    t.equal(await told(encodeV2(pair)), addresses, `v2, ${what}`);
  }
  for (const header of [encodeV1('unknown'), encodeV2('local')]) {
    t.match(await told(header), /^ .*\|1$/, 'taken as a header that names nobody');
  }
  t.equal(await told(Buffer.from('PROXY nonsense\r\n')), '', 'and what is none is not taken');
});
