// What a node may answer a health check: HTTP, JSON, TLS and certificates, sound, damaged and made up. A probe has one
// verdict, in words that are harmless and name the step that failed, and is never itself what fails.

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import { checkAnswer } from '../../src/health/expectation.ts';
import { AnswerReader, HttpFault, MAX_READ } from '../../src/health/probes/http-answer.ts';
import { faultsOf, isSignedBy, seen } from '../../src/health/probes/peer-certificate.ts';
import type { ProbeResult } from '../../src/health/probes/probe.ts';
import { askOnce } from '../fixtures/ask-once.ts';
import { cuts, damaged, holds, pieces } from '../fixtures/fuzz.ts';
import { startTlsServer } from '../fixtures/tls-server.ts';
import { until } from '../fixtures/until.ts';

/** Control, bidi and other characters that must not reach a terminal or a log. */
const HARMFUL = /[\p{C}\p{Zl}\p{Zp}]/u;

function isHarmless(text: string, what: string): void {
  if (HARMFUL.test(text)) throw new Error(`${what} is harmful: ${JSON.stringify(text)}`);
  if (text.length > 600) throw new Error(`${what} has ${text.length} characters`);
}

function isSound(result: ProbeResult, asked: number): void {
  if (result.certificate !== undefined) isHarmless(result.certificate.name, 'a name');
  for (const finding of result.findings ?? []) isHarmless(finding, 'a finding');
  if (result.ok) return;
  isHarmless(result.reason, 'a reason');
  const steps = [`connect to 127.0.0.1:${asked}`, `TLS handshake with 127.0.0.1:${asked}`, 'GET /'];
  if (!steps.some((step) => result.reason.startsWith(`${step}: `))) throw new Error(`of what? ${result.reason}`);
  if (result.kind === 'ours') throw new Error(`the probe itself failed: ${result.reason}`);
}

const HEAD = 'HTTP/1.1 200 OK\r\n';
const SOUND = [
  `${HEAD}Content-Length: 5\r\n\r\nhello`,
  `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX: y\r\n\r\n`,
  `HTTP/1.1 100 Continue\r\n\r\n${HEAD}Server: x\r\n\r\n{"a":[1,{"b":true}]}`,
  'HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n',
].map((text) => Buffer.from(text));
const word = fc.constantFrom(
  ...[
    'HTTP/1.1 ',
    'HTTP/1.0 200',
    '200 ',
    'OK',
    '\r\n',
    '\n',
    '\r',
    ': ',
    'Content-Length',
    'Transfer-Encoding: chunked',
  ],
  ...[
    '0',
    '5',
    'ffffffff',
    '\r\n\r\n',
    'x'.repeat(300),
    '\0',
    '\x1b[2J',
    '\u202e',
    '{"a":1}',
    '[',
    'Location: ',
    ' ',
    '\t',
  ],
);
const anyAnswer = fc.oneof(
  fc.constantFrom(...SOUND).chain((answer) => damaged(answer)),
  fc.array(word, { maxLength: 20 }).map((words) => Buffer.from(words.join(''))),
  fc.array(word, { maxLength: 20 }).map((words) => Buffer.from(`${HEAD}${words.join('')}`)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

function heard(bytes: Buffer, at: readonly number[], ended: boolean) {
  const reader = new AnswerReader('GET');
  for (const piece of pieces(bytes, at)) {
    const own = Buffer.from(piece);
    const enough = reader.hear(own);
    own.fill(0);
    if (enough) return reader.answer(false);
  }
  return reader.answer(ended);
}

const inWords = (answer: ReturnType<typeof heard>): string =>
  answer instanceof HttpFault
    ? `${answer.code}: ${answer.message}`
    : JSON.stringify([answer.status, [...answer.headers], answer.body.toString('latin1'), answer.whole]);

holds(
  t,
  'an HTTP answer: the same however it is cut, and harmless in words',
  4000,
  fc.property(anyAnswer, cuts, fc.boolean(), (bytes, at, ended) => {
    const whole = heard(bytes, [], ended);
    if (whole instanceof HttpFault) isHarmless(whole.message, 'a fault');
    const cut = heard(bytes, at, ended);
    // A first line that is no HTTP is told by as much of it as has come.
    if (whole instanceof HttpFault && cut instanceof HttpFault && whole.code === cut.code) return;
    if (inWords(cut) !== inWords(whole)) throw new Error(`${inWords(whole)}\n${inWords(cut)}`);
  }),
);

holds(
  t,
  'an HTTP answer without an end is given up at its bound',
  30,
  fc.property(
    fc.constantFrom('', HEAD, `${HEAD}\r\n`, `${HEAD}Transfer-Encoding: chunked\r\n\r\n`),
    word,
    (head, filler) => {
      fc.pre(filler !== '');
      const reader = new AnswerReader('GET');
      let sent = head.length;
      let enough = reader.hear(Buffer.from(head));
      const block = Buffer.from(filler.repeat(1000));
      while (!enough && sent <= MAX_READ) {
        enough = reader.hear(block);
        sent += block.length;
      }
      if (!enough) throw new Error(`${sent} bytes and it reads on`);
      const answer = reader.answer(false);
      if (!(answer instanceof HttpFault) && answer.body.length > MAX_READ + block.length)
        throw new Error('it keeps more');
    },
  ),
);

const path = fc.constantFrom('$', 'a', 'a.b', 'a.0', '0', 'a.length', 'constructor', '__proto__.x');
const expectation = fc.oneof(
  fc.record({ equals: fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)) }),
  fc.record({ contains: fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean()), { maxLength: 3 }) }),
  fc.record({ notEmpty: fc.constant(true as const) }),
  fc.record({ min: fc.double({ noNaN: true }) }),
);
const deep = fc
  .tuple(fc.constantFrom(['[', ']'], ['{"a":', '}']), fc.integer({ min: 1, max: 40_000 }))
  .map(([[open = '', close = ''], depth]) => `${open.repeat(depth)}1${close.repeat(depth)}`);
const document = fc.oneof(
  { arbitrary: fc.json({ maxDepth: 4, stringUnit: 'binary' }), weight: 4 },
  {
    arbitrary: fc.dictionary(fc.constantFrom('a', 'b', '0', '__proto__'), fc.jsonValue()).map((d) => JSON.stringify(d)),
    weight: 4,
  },
  { arbitrary: fc.string({ unit: 'binary' }), weight: 2 },
  { arbitrary: deep, weight: 1 },
);

holds(
  t,
  'a document: every predicate holds, or says in harmless words what is there instead',
  2000,
  fc.property(document, path, expectation, fc.boolean(), (text, where, what, whole) => {
    const expect = { status: [200], contains: undefined, headers: {}, json: { [where]: what } };
    const answer = { status: 200, headers: new Map(), body: Buffer.from(text), whole };
    const fault = checkAnswer(expect, answer);
    if (fault === undefined) return;
    isHarmless(fault.what, 'a fault');
    const about = where === '$' || !whole || fault.what.includes('is not JSON') ? 'the answer' : where;
    if (!fault.what.startsWith(`${about} `)) throw new Error(`about what? ${fault.what}`);
  }),
);

const NAME = 'smartproxy.example.net';
const authority = await makeAuthority('Katello CA');
const identity = await authority.issue({ commonName: 'proxy01', names: [NAME] });
const certificate = new X509Certificate(identity.certificate);
const authorities = [new X509Certificate(authority.certificate)];

/** The certificate with some bytes changed, its key left as it is. */
const anyCertificate = fc
  .array(fc.record({ at: fc.nat(certificate.raw.length - 1), to: fc.nat(255) }), { minLength: 1, maxLength: 3 })
  .map((changes) => {
    const raw = Buffer.from(certificate.raw);
    for (const { at, to } of changes) raw[at] = to;
    return raw;
  });

function parsed(raw: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(raw);
  } catch {
    return undefined;
  }
}

holds(
  t,
  'a certificate that can be parsed at all is judged',
  3000,
  fc.property(anyCertificate, (raw) => {
    const damagedOne = parsed(raw);
    if (damagedOne === undefined) return;
    isHarmless(seen(damagedOne).name, 'a name');
    isSignedBy(damagedOne, authorities);
    for (const fault of faultsOf(damagedOne, { chain: undefined, name: NAME, now: Date.now() }))
      isHarmless(fault, 'a fault');
  }),
);

function pem(raw: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${raw.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** What the next probe's server does. */
let serve: (socket: import('node:net').Socket) => void = (socket) => socket.destroy();
let open = 0;
const server = createServer((socket) => {
  open++;
  socket.on('close', () => open--);
  socket.on('error', () => {});
  serve(socket);
});
server.listen({ host: '127.0.0.1', port: 0 });
await once(server, 'listening');
t.teardown(() => server.close());
const { port } = server.address() as { port: number };
const tls = await startTlsServer(t, identity, (socket) => {
  socket.once('data', () => socket.end(SOUND[0] ?? ''));
});

holds(
  t,
  'a probe by http: any answer, in any pieces, with any end',
  250,
  fc.asyncProperty(anyAnswer, cuts, fc.constantFrom('end', 'reset', 'nothing'), async (bytes, at, end) => {
    serve = (socket) => {
      for (const piece of pieces(bytes, at)) socket.write(piece);
      if (end === 'end') socket.end();
      else if (end === 'reset') socket.resetAndDestroy();
      socket.resume();
    };
    const json = { a: { equals: 1 } };
    isSound(
      await askOnce(
        { port },
        { type: 'http', timeoutMs: 100, expect: { status: [], contains: undefined, headers: {}, json } },
      ),
      port,
    );
  }),
);

holds(
  t,
  'a probe by https: a server whose bytes are damaged on the way',
  200,
  fc.asyncProperty(
    fc.constantFrom('tls', 'https'),
    fc.array(fc.record({ at: fc.nat(3000), to: fc.nat(255), drop: fc.nat(3) }), { maxLength: 3 }),
    fc.option(fc.nat(3000), { nil: undefined }),
    async (type, changes, cut) => {
      serve = (socket) => {
        const behind = connect({ host: '127.0.0.1', port: tls.port });
        behind.on('error', () => {});
        behind.on('close', () => socket.destroySoon());
        socket.on('close', () => behind.destroy());
        socket.pipe(behind);
        let seenBytes = 0;
        behind.on('data', (chunk: Buffer) => {
          const from = seenBytes;
          seenBytes += chunk.length;
          let bytes = Buffer.from(chunk);
          for (const { at, to, drop } of changes) {
            if (at < from || at >= seenBytes) continue;
            bytes[at - from] = to;
            bytes = Buffer.concat([bytes.subarray(0, at - from), bytes.subarray(at - from + drop)]);
          }
          socket.write(cut === undefined ? bytes : bytes.subarray(0, Math.max(0, cut - from)));
          if (cut !== undefined && seenBytes > cut) socket.end();
        });
        behind.on('end', () => socket.end());
      };
      isSound(await askOnce({ port }, { type, timeoutMs: 200, servername: NAME }), port);
    },
  ),
);

holds(
  t,
  'a probe by tls: a certificate that is damaged',
  150,
  fc.asyncProperty(anyCertificate, async (raw) => {
    try {
      tls.server.setSecureContext({ cert: pem(raw), key: identity.key });
    } catch {
      return;
    }
    isSound(await askOnce({ port: tls.port }, { type: 'tls', timeoutMs: 1000, servername: NAME }), tls.port);
  }),
);

t.test('no probe left a connection open', async (t) => {
  await until(() => open === 0, 'every connection is closed');
  t.pass();
});
