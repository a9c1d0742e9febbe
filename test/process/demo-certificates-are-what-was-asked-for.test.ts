import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type SecureContextOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import t, { type Test } from 'tap';
import { type CertificateRequest, type Identity, makeAuthority } from '../../demo/certificates.ts';

const NAME = 'proxy01.example.test';
const DAY_MS = 86_400_000;

const authority = await makeAuthority();

function asOptions({ certificate, key }: Identity): SecureContextOptions {
  return { cert: certificate, key };
}

/** What a client that trusts `authority` and expects NAME thinks of a server: '' or the code of its complaint. */
async function verdict(t: Test, server: TlsOptions, client: SecureContextOptions = {}): Promise<string> {
  const listening = createServer(server, (socket) => socket.on('error', () => undefined).end('hello')).listen(
    0,
    '127.0.0.1',
  );
  await once(listening, 'listening');
  t.teardown(() => listening.close());
  const { port } = listening.address() as AddressInfo;
  const socket: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    servername: NAME,
    ca: authority.certificate,
    ...client,
  });
  try {
    await once(socket, 'secureConnect');
    // With TLS 1.3 a server that refuses the client's certificate says so only after the client's handshake is done.
    const closed = once(socket, 'close').then(() => 'closed');
    return await Promise.race([once(socket, 'data').then(() => ''), closed]);
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    socket.destroy();
  }
}

async function serverOf(request: Partial<CertificateRequest>, by = authority): Promise<TlsOptions> {
  return asOptions(await by.issue({ commonName: NAME, names: [NAME], ...request }));
}

t.test('a server certificate is good for its names and addresses', async (t) => {
  const server = await serverOf({ names: ['other.example.test', NAME], addresses: ['127.0.10.1'] });
  t.equal(await verdict(t, server), '');
});

t.test('one for another name, an expired one, one not yet valid, one of another authority are refused', async (t) => {
  const yesterday = new Date(Date.now() - DAY_MS);
  const tomorrow = new Date(Date.now() + DAY_MS);
  const cases: [string, TlsOptions][] = [
    ['ERR_TLS_CERT_ALTNAME_INVALID', await serverOf({ names: ['other.example.test'] })],
    ['CERT_HAS_EXPIRED', await serverOf({ notAfter: yesterday })],
    ['CERT_NOT_YET_VALID', await serverOf({ notBefore: tomorrow })],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', await serverOf({}, await makeAuthority('another'))],
    // The same name, but not the same key: it must not pass either.
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', await serverOf({}, await makeAuthority())],
  ];
  for (const [complaint, server] of cases) t.equal(await verdict(t, server), complaint);
});

t.test('a client certificate is accepted as one, a server certificate is not', async (t) => {
  const server = { ...(await serverOf({})), requestCert: true, ca: authority.certificate };
  const client = await authority.issue({ commonName: 'host1.example.test', usage: 'client' });
  t.equal(await verdict(t, server, asOptions(client)), '');
  const wrong = await authority.issue({ commonName: 'host1.example.test', usage: 'server' });
  t.not(await verdict(t, server, asOptions(wrong)), '');
});
