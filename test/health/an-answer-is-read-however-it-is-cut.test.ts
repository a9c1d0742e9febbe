// What HTTP answers may look like on the wire, in one piece and byte by byte, beside what node:http makes of them.

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import t, { type Test } from 'tap';
import { AnswerReader, HttpFault } from '../../src/health/probes/http-answer.ts';
import { startServer } from '../fixtures/tcp.ts';

/** `end`: the server closes behind it. */
interface Story {
  readonly text: string;
  readonly method?: string;
  readonly end?: true;
}

const HEAD = 'HTTP/1.1 200 OK\r\n';

const GOOD: Readonly<Record<string, Story>> = {
  'a length': { text: `${HEAD}Content-Length: 5\r\n\r\nhello` },
  'no body': { text: `${HEAD}Content-Length: 0\r\n\r\n` },
  'up to the end': { text: `${HEAD}\r\nhello`, end: true },
  'up to the end, empty': { text: `${HEAD}\r\n`, end: true },
  chunks: { text: `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n` },
  'chunks and trailers': {
    text: `${HEAD}Transfer-Encoding: chunked\r\nTrailer: x\r\n\r\nA\r\n0123456789\r\n00\r\nX: y\r\n\r\n`,
  },
  'interim answers first': {
    text: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${HEAD}Content-Length: 1\r\n\r\nx`,
  },
  'an old version': { text: 'HTTP/1.0 200 OK\r\nServer: old\r\n\r\nhello', end: true },
  'no reason': { text: 'HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx' },
  'a body without being one': { text: 'HTTP/1.1 204 No Content\r\n\r\n' },
  'nothing changed': { text: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n' },
  'only a head': { text: `${HEAD}Content-Length: 5\r\n\r\n`, method: 'HEAD' },
  'spaces around a value': { text: `${HEAD}X:  a b \t\r\nContent-Length:1\r\n\r\nx` },
  'letters of ISO 8859-1': { text: `${HEAD}X: \u00e4\r\nContent-Length: 1\r\n\r\nx` },
};

function heard(story: Story, cut: number): string {
  const reader = new AnswerReader(story.method ?? 'GET');
  const bytes = Buffer.from(story.text, 'latin1');
  let enough = false;
  for (let at = 0; at < bytes.length && !enough; at += cut) {
    const piece = Buffer.from(bytes.subarray(at, at + cut));
    enough = reader.hear(piece);
    // Whoever reads next may use the same memory.
    piece.fill(0);
  }
  return words(reader.answer(!enough && story.end === true));
}

function words(answer: ReturnType<AnswerReader['answer']>): string {
  if (answer instanceof HttpFault) return `${answer.code}: ${answer.message}`;
  const { status, headers, body, whole } = answer;
  return JSON.stringify([status, [...headers].sort(), body.toString('latin1'), whole]);
}

/** The same through node:http. */
async function asNodeReadsIt(t: Test, story: Story): Promise<string> {
  const server = await startServer(t, (socket) => {
    socket.resume();
    socket.write(Buffer.from(story.text, 'latin1'));
    if (story.end) socket.end();
  });
  const sent = request({ host: '127.0.0.1', port: server.port, method: story.method ?? 'GET', agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const headers = Object.entries(response.headers).sort();
  return JSON.stringify([response.statusCode, headers, Buffer.concat(chunks).toString('latin1'), true]);
}

for (const [title, story] of Object.entries(GOOD)) {
  t.test(title, async (t) => {
    const expected = await asNodeReadsIt(t, story);
    for (const cut of [story.text.length, 1, 2, 7]) t.equal(heard(story, cut), expected, `in pieces of ${cut}`);
  });
}

const BAD: readonly (readonly [text: string, fault: RegExp])[] = [
  ['SSH-2.0-OpenSSH_9.9\r\n', /^protocol: the answer is not HTTP \(it begins with "S/],
  ['\u0015\u0003\u0001\u0000\u0002\u0002\u0028', /^protocol: .*it begins with/],
  ['HTTP/2 200\r\n', /^protocol: .*begins with/],
  ['HTTP/1.1 OK\r\n', /^protocol: .*first line/],
  ['HTTP/1.1 2000 OK\r\n', /^protocol: .*first line/],
  ['HTTP/1.1 200 \u001b[31m\r\n', /^protocol: .*a control character in/],
  [`${HEAD}no colon\r\n\r\n`, /^protocol: .*no header/],
  [`${HEAD} folded: x\r\n\r\n`, /^protocol: .*no header/],
  [`${HEAD}X: a\u0000b\r\n\r\n`, /^protocol: .*a control character in/],
  [`${HEAD}Content-Length: -1\r\n\r\n`, /^protocol: .*its length is/],
  [`${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`, /^protocol: .*its length is/],
  [`${HEAD}Transfer-Encoding: chunked\r\n\r\nx\r\n`, /^protocol: .*a chunk without a size/],
  [`${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n`, /^protocol: .*longer than it says/],
  [`${HEAD}X: ${'x'.repeat(17_000)}`, /^protocol: .*its head is longer than 16 kB/],
  [`${HEAD}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(17_000)}`, /^protocol: .*a line is longer than 16 kB/],
  ['HTTP/1.1 101 Switching\r\n\r\n', /^protocol: it leaves HTTP/],
  ['', /^closed: closed without an answer/],
  ['HTTP/1.1 2', /^closed: closed in the middle/],
  [HEAD, /^closed: closed in the middle/],
  [`${HEAD}Content-Length: 5\r\n\r\nhell`, /^closed: closed in the middle/],
  [`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, /^closed: closed in the middle/],
];

for (const [text, fault] of BAD) {
  t.test(`no answer: ${JSON.stringify(text.slice(0, 60))}`, async (t) => {
    for (const cut of [Math.max(1, text.length), 1, 3]) t.match(heard({ text, end: true }, cut), fault);
  });
}

t.test('a body beyond 256 kB is cut, and not waited for', async (t) => {
  const reader = new AnswerReader('GET');
  t.equal(reader.hear(Buffer.from(`${HEAD}Content-Length: 1000000000\r\n\r\n`)), false);
  let pieces = 0;
  while (!reader.hear(Buffer.alloc(65_536, 'x'))) pieces++;
  t.equal(pieces, 3);
  t.match(reader.answer(false), { status: 200, whole: false });
});
