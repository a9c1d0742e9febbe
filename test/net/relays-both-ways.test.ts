import t from 'tap';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { WAYS } from '../fixtures/relays.ts';
import { echo, readAll, readBytes, startClient, startServer } from '../fixtures/tcp.ts';

for (const { name, options } of WAYS) {
  t.test(`${name}: bytes go both ways, a FIN is passed on, and one record tells it`, async (t) => {
    const backend = await startServer(t, echo);
    const { events, port } = await startBalancer(t, [{ backends: [backendSpec('n1', backend.port)] }], options);
    const client = await startClient(t, port());
    const from = `127.0.0.1:${client.localPort}`;
    client.write('hello');
    t.equal((await readBytes(client, 5)).toString(), 'hello');
    const heard = readAll(client);
    client.end(' world');
    t.same((await heard).bytes.toString(), ' world');
    t.equal((await heard).how, 'fin');
    const record = await events.record();
    t.match(record, {
      service: 'test',
      node: 'n1',
      end: 'completed',
      endedBy: 'client',
      phase: 'relay',
      flags: '--',
      bytesIn: 11,
      bytesOut: 11,
      retries: 0,
      client: from,
      backend: `127.0.0.1:${backend.port}`,
    });
    t.ok(record.firstByteMs >= 0 && record.durationMs >= record.firstByteMs);
    t.equal(events.records.length, 1);
  });
}
