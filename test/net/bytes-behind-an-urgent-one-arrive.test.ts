// An urgent byte (RFC 6093) in the middle of what a client sends: a read stops in front of it, and what stands behind it must
// not wait for more to come. (The urgent byte itself goes nowhere.)

import { execFile, spawnSync } from 'node:child_process';
import t from 'tap';
import { backendSpec, startBalancer } from '../fixtures/balancer.ts';
import { WAYS } from '../fixtures/relays.ts';
import { echo, startServer } from '../fixtures/tcp.ts';

/** Node can't send one. Each round is one segment, and is answered before the next. */
const CLIENT = `
use Socket qw(:all);
socket(my $s, PF_INET, SOCK_STREAM, 0);
connect($s, pack_sockaddr_in($ARGV[0], inet_aton('127.0.0.1'))) or die "connect: $!";
sub told { my $got = ''; while (length $got < $_[0]) { sysread($s, my $more, 100) or die "no more: $!"; $got .= $more } $got }
syswrite $s, 'hello';
print told(5);
for (1 .. 20) {
  setsockopt($s, IPPROTO_TCP, 3, pack('i', 1));
  syswrite $s, 'abc';
  send($s, '!', MSG_OOB);
  syswrite $s, 'efg';
  setsockopt($s, IPPROTO_TCP, 3, pack('i', 0));
  print ' ', told(6);
}
`;
const skip = process.platform !== 'linux' || spawnSync('perl', ['-MSocket', '-e', '1']).status !== 0;

for (const { name, options } of WAYS) {
  t.test(name, { skip: skip && 'no perl, or no TCP_CORK' }, async (t) => {
    const backend = await startServer(t, echo);
    const { port } = await startBalancer(t, [{ backends: [backendSpec('n', backend.port)] }], options);
    const said = await new Promise((resolve) => {
      execFile('perl', ['-e', CLIENT, String(port())], { timeout: 20_000 }, (error, out, err) =>
        resolve(`${out}${err}${error ?? ''}`),
      );
    });
    t.equal(said, `hello${' abcefg'.repeat(20)}`);
  });
}
