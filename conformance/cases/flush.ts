// Every byte that a side has sent before its FIN arrives, in order, however slowly the other one reads.

import { seededBytes } from '../../test/fixtures/tcp.ts';
import { until } from '../../test/fixtures/until.ts';
import type { Theme } from '../case.ts';
import type { End } from '../end.ts';

/** More than the kernel's buffers of all four sockets hold. */
const BIG = seededBytes(7, 16 * 1024 * 1024);
const OTHER = seededBytes(8, 16 * 1024 * 1024);
/** More than any proxy should take in for a reader that does not read. */
const MUCH = 64 * 1024 * 1024;

/** Says whether exactly these bytes were heard, and how it ended. */
async function verdict(end: End, expected: Buffer): Promise<string> {
  const how = await end.ended();
  const { bytes } = end;
  if (!bytes.equals(expected)) return `other bytes (${bytes.length}), then ${how}`;
  return `all ${expected.length / 1024 / 1024} MB, then ${how}`;
}

/** Resumes a reader that stood still, when its sender can't go on. */
async function readLater(reader: End, sender: End): Promise<void> {
  await until(() => sender.socket.writableLength > 0, 'the sender has to wait');
  reader.socket.resume();
}

export const flush: Theme = {
  title: 'All bytes before the FIN',
  cases: [
    {
      title: 'the node sends 16 MB and closes, the client reads late',
      setup: {},
      async play(stage) {
        const client = await stage.client({ slow: true });
        client.say('go');
        const visit = await stage.node().visit();
        visit.say(BIG).fin();
        await readLater(client, visit);
        const seen = await verdict(client, BIG);
        client.fin();
        return { client: seen };
      },
      seen: { client: 'all 16 MB, then FIN' },
      log: { chargehand: 'completed backend --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'the client sends 16 MB and closes, the node reads late',
      setup: {},
      async play(stage) {
        stage.node().slow = true;
        const client = await stage.client();
        client.say(BIG).fin();
        const visit = await stage.node().visit();
        await readLater(visit, client);
        const seen = await verdict(visit, BIG);
        visit.fin();
        return { node: seen };
      },
      seen: { node: 'all 16 MB, then FIN' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: '16 MB each way at once',
      setup: { halfClose: 'pass' },
      async play(stage) {
        const client = await stage.client();
        client.say(BIG).fin();
        const visit = await stage.node().visit();
        visit.say(OTHER);
        const node = await verdict(visit, BIG);
        visit.fin();
        return { client: await verdict(client, OTHER), node };
      },
      seen: { client: 'all 16 MB, then FIN', node: 'all 16 MB, then FIN' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'the client closes its half before an answer of 16 MB that it reads late',
      setup: { halfClose: 'pass' },
      async play(stage) {
        const client = await stage.client({ slow: true });
        client.say('go').fin();
        const visit = await stage.node().visit();
        await visit.ended();
        visit.say(BIG).fin();
        await readLater(client, visit);
        return { client: await verdict(client, BIG) };
      },
      seen: { client: 'all 16 MB, then FIN' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'the node sends without end to a client that reads nothing',
      setup: {},
      async play(stage) {
        const client = await stage.client({ slow: true });
        client.say('go');
        const visit = await stage.node().visit();
        visit.say(Buffer.alloc(MUCH));
        // What the kernels and the proxy took stands still once a session beside it had its turn, again and again.
        let taken = -1;
        while (taken !== visit.socket.bytesWritten - visit.socket.writableLength) {
          taken = visit.socket.bytesWritten - visit.socket.writableLength;
          for (let i = 0; i < 5; i++) {
            const before = stage.node().visits.length;
            const beside = await stage.client();
            beside.say('turn').fin();
            const other = await stage.node().visit(before);
            await other.ended();
            other.fin();
            await beside.ended();
          }
        }
        const bounded = taken < MUCH / 2;
        client.reset();
        return { node: bounded ? 'has to wait' : `could send ${taken} bytes`, end: await visit.ended() };
      },
      seen: { node: 'has to wait', end: 'RST' },
      log: { chargehand: 'client-reset client CD', haproxy: 'CD', nginx: '200' },
    },
    {
      title: 'the node speaks first',
      setup: {},
      async play(stage) {
        stage.node().serve = (visit) => void visit.say('220 ready');
        const client = await stage.client();
        await client.hears('220 ready');
        client.say('QUIT').fin();
        const visit = await stage.node().visit();
        const node = await visit.whole();
        visit.fin();
        return { client: await client.whole(), node };
      },
      seen: { client: '"220 ready", then FIN', node: '"QUIT", then FIN' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
    {
      title: 'a byte at a time, each way by turns',
      setup: {},
      async play(stage) {
        const { client, visit } = await stage.session();
        for (let i = 0; i < 50; i++) {
          client.say('x');
          await visit.heard(6 + i);
          visit.say('y');
          await client.heard(8 + i);
        }
        client.fin();
        const node = await visit.whole();
        visit.fin();
        return {
          node: node.replace('x'.repeat(50), '50 x'),
          client: (await client.whole()).replace('y'.repeat(50), '50 y'),
        };
      },
      seen: { node: '"hello50 x", then FIN', client: '"welcome50 y", then FIN' },
      log: { chargehand: 'completed client --', haproxy: '--', nginx: '200' },
    },
  ],
};
