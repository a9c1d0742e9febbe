// Nodes whose answers and certificates are made to hurt whoever reads about them: the log in both formats, the snapshot
// that `status` and the page show, and the metrics.

import t from 'tap';
import { makeAuthority } from '../../demo/certificates.ts';
import { backendSpec, Events, startBalancer } from '../fixtures/balancer.ts';
import { healthConfig } from '../fixtures/health-config.ts';
import { logFile } from '../fixtures/log-file.ts';
import { testMetrics } from '../fixtures/metrics.ts';
import { temporaryFolder } from '../fixtures/temporary-folder.ts';
import { startTlsServer } from '../fixtures/tls-server.ts';

const EVIL =
  '\u001b[2J\u001b]0;owned\u0007\r\n\u202e<script>alert(1)</script>\u0000"\',;=HYPERLINK("x")\u009b31m\u2028';
/** Terminal escapes, line ends, and what turns the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const HARMFUL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

const authority = await makeAuthority(`${EVIL} CA`);

/** By its title: what a node sends back for a request. */
const ANSWERS: Readonly<Record<string, string>> = {
  'a body that is no JSON': `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${EVIL}`,
  'a JSON text': `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${JSON.stringify({ status: EVIL })}`,
  'a status line': `HTTP/1.1 200 ${EVIL}\r\n\r\n`,
  'a redirect': `HTTP/1.1 302 Found\r\nLocation: http://x/\u009b31m<script>\r\nContent-Length: 0\r\n\r\n`,
  'no HTTP at all': `${EVIL}\r\n\r\n`,
};

const folder = temporaryFolder(t);

for (const [title, answer] of Object.entries(ANSWERS)) {
  for (const format of ['json', 'text'] as const) {
    t.test(`${title}, log: ${format}`, async (t) => {
      const identity = await authority.issue({ commonName: EVIL });
      const server = await startTlsServer(t, identity, (socket) => socket.once('data', () => socket.end(answer)));
      const file = logFile(folder, { format });
      const events = new Events();
      const { metrics } = testMetrics(() => []);
      const health = healthConfig({
        type: 'https',
        servername: 'smartproxy.example.net',
        expect: { status: [200], contains: undefined, headers: {}, json: { status: { equals: 'fine' } } },
        intervalMs: 200,
        fastIntervalMs: 100,
      });
      const { balancer } = await startBalancer(t, [{ backends: [backendSpec('n', server.port)], health }], {
        observers: [events, file.log, metrics],
      });
      await events.until(() => events.probes.length >= 3);
      const [backend] = balancer.snapshot()[0]?.backends ?? [];
      t.equal(backend?.health, 'down');
      const { metrics: standing } = testMetrics(() => balancer.snapshot());
      const shown = [
        backend?.reason,
        backend?.note,
        ...(backend?.findings ?? []),
        ...events.flips.map((f) => f.reason),
      ];
      t.match(backend?.findings, [/^certificate is for CN=.*, not smartproxy\.example\.net$/]);
      for (const text of shown) t.notMatch(text, HARMFUL, `in words: ${JSON.stringify(text)}`);
      for (const text of [await metrics.text(), await standing.text()]) {
        t.notMatch(text.replaceAll('\n', ' '), HARMFUL, 'in the metrics');
        t.notMatch(text, /<script|owned/, 'nothing of it is a label');
      }
      const lines = await file.lines();
      t.match(lines.join('\n'), /backend down/);
      for (const line of lines) t.notMatch(line, HARMFUL, 'in the log');
      if (format === 'json') for (const line of lines) t.equal(typeof JSON.parse(line), 'object');
    });
  }
}
