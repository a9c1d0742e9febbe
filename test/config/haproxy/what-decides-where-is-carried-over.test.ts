// Each keyword of HAProxy that has a place here, in a file of two servers: what becomes of it, and what is called lost.

import t from 'tap';
import { imported, listening, remarksOf, type Told } from '../../fixtures/imported.ts';

const web = (...lines: readonly string[]): Told['written']['services'][string] | undefined =>
  imported(listening(...lines)).written.services['web'];
const lost = (...lines: readonly string[]): string => remarksOf(imported(listening(...lines)), 'lost').join('\n');
const bare = { listen: 8080 };

t.test('what is carried over', async (t) => {
  const rows: readonly (readonly [lines: readonly string[], gives: object])[] = [
    [['balance roundrobin'], bare],
    [['balance static-rr'], bare],
    [['balance leastconn'], { ...bare, balance: 'leastconn' }],
    [['balance random(2)'], { ...bare, balance: 'random' }],
    [['balance source'], { ...bare, balance: 'source', hash: { method: 'haproxy' } }],
    [['balance source', 'hash-type map-based sdbm'], { ...bare, balance: 'source', hash: { method: 'haproxy' } }],
    [['timeout tunnel 1h'], { ...bare, timeouts: { idle: '1h' } }],
    [['timeout client 20m', 'timeout server 30m'], { ...bare, timeouts: { idle: '20m' } }],
    [['timeout client-fin 5m'], { ...bare, timeouts: { half_closed: '5m' } }],
    [['retries 7'], { ...bare, retries: 7 }],
    [['source 192.0.2.200'], { ...bare, source_address: '192.0.2.200' }],
    [['default-server maxconn 5'], bare],
    [
      ['option httpchk GET /up', 'http-check expect status 200'],
      { ...bare, health: { type: 'http', path: '/up', expect: { status: [200] } } },
    ],
    [
      ['option httpchk', 'http-check send meth GET uri /a hdr Host x.example', 'http-check expect string fine'],
      {
        ...bare,
        health: { type: 'http', path: '/a', headers: { Host: 'x.example' }, expect: { status: [], contains: 'fine' } },
      },
    ],
    [
      ['option httpchk', 'http-check expect status 200-204', 'http-check expect string fine'],
      {
        ...bare,
        health: {
          type: 'http',
          method: 'OPTIONS',
          expect: { status: [200, 201, 202, 203, 204], contains: 'fine' },
        },
      },
    ],
    [['option ssl-hello-chk'], { ...bare, health: { type: 'tls' } }],
    [['option tcp-check', 'tcp-check connect port 81 ssl'], { ...bare, health: { port: 81, type: 'tls' } }],
    [['acl in src 10.0.0.0/8', 'tcp-request connection reject if !in'], { ...bare, allow: ['10.0.0.0/8'] }],
    [['acl in src 10.0.0.0/8', 'tcp-request connection reject unless in'], { ...bare, allow: ['10.0.0.0/8'] }],
    [
      ['tcp-request connection reject if { src 10.1.0.0/16 192.0.2.9 }'],
      { ...bare, deny: ['10.1.0.0/16', '192.0.2.9'] },
    ],
    [
      ['tcp-request connection accept if { src 10.0.0.0/8 }', 'tcp-request connection reject'],
      { ...bare, allow: ['10.0.0.0/8'] },
    ],
    [
      [
        'acl a src 10.1.0.0/16',
        'acl a src 10.2.0.0/16',
        'acl b src 10.3.0.0/16',
        'tcp-request session reject if a || b',
      ],
      { ...bare, deny: ['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16'] },
    ],
    [
      ['tcp-request connection expect-proxy layer4 if { src 192.0.2.0/24 }'],
      { ...bare, proxy_protocol: { accept: ['192.0.2.0/24'] } },
    ],
  ];
  for (const [lines, gives] of rows) {
    t.strictSame(
      JSON.parse(JSON.stringify(web('timeout client 15m', 'timeout server 15m', ...lines))),
      gives,
      lines.join('; '),
    );
    t.equal(lost(...lines), '', `${lines.join('; ')}: nothing is lost`);
  }
});

t.test('what is lost, and is said to be', async (t) => {
  const rows: readonly (readonly [line: string, word: string])[] = [
    ['balance uri', 'balance uri'],
    ['balance first', 'balance first'],
    ['use_backend other if { req.ssl_sni -i a.example }', 'use_backend'],
    ['use-server a if { src 10.0.0.1 }', 'use-server'],
    ['server d 192.0.2.4:80 namespace blue', 'namespace'],
    ['server-template s 1-3 s.example:80', 'server-template'],
    ['tcp-check send PING', 'tcp-check'],
    ['option mysql-check user x', 'mysql-check'],
    ['filter trace', 'filter'],
    ['source 0.0.0.0 usesrc clientip', 'usesrc'],
    ['acl big src -f /etc/list', 'acl big'],
    ['tcp-request connection reject if { src_conn_rate gt 20 }', 'client'],
    ['bind abns@x', 'bind abns@x'],
    ['bind *:81 interface eth0', 'interface'],
    ['stick store-response dst', 'stick store-response'],
    ['rate-limit sessions 10', 'rate-limit'],
    ['timout client 1m', 'timout'],
    ['balnce source', 'did you mean "balance"'],
    ['http-request deny', 'http-request'],
    ['server d 192.0.2.4:80 weight 300', 'weight 300'],
  ];
  for (const [line, word] of rows) {
    const extra = line.startsWith('tcp-check') ? ['option tcp-check', line] : [line];
    t.match(lost(...extra), word, line);
    t.equal(imported(listening(...extra)).lost, true, `${line}: and the exit code says so`);
  }
  t.match(lost('balance source', 'hash-type consistent'), 'hash-type consistent');
  t.strictSame(web('timeout client 15m', 'timeout server 15m', 'balance source', 'hash-type consistent'), {
    ...bare,
    balance: 'source',
  });
  t.match(lost('stick-table type ip size 1m', 'stick on src'), 'by a table');
});

t.test('a value that only makes clients fail earlier is not carried over', async (t) => {
  const result = imported(listening('timeout client 10s', 'timeout server 10s', 'timeout connect 50s', 'retries 1'));
  t.strictSame(result.written.services['web'], bare);
  t.equal(result.lost, false);
});

t.test('what HAProxy ends or adds as TLS, and mode http, are not carried over at all', async (t) => {
  const more = `${listening()}\nlisten tls\n bind *:81 ssl crt /x.pem\n server a 192.0.2.1:80\n`;
  const encrypting = `${listening()}\nlisten out\n bind *:81\n server a 192.0.2.1:80 ssl verify none\n`;
  const http = `${listening()}\nlisten page\n mode http\n bind *:81\n server a 192.0.2.1:80\n`;
  for (const text of [more, encrypting, http]) {
    const result = imported(text);
    t.strictSame(Object.keys(result.written.services), ['web']);
    t.equal(result.lost, true);
  }
});

t.test('settings of servers', async (t) => {
  const text = (setting: string) =>
    `listen web\n bind *:8080\n server a 192.0.2.1:8080 check ${setting}\n server b 192.0.2.2:8080 check ${setting}\n`;
  const rows: readonly (readonly [setting: string, gives: object])[] = [
    ['maxconn 20', { max_sessions_per_backend: 20 }],
    ['maxconn 20 maxqueue 5', { max_sessions_per_backend: 20, queue: 10 }],
    ['send-proxy', { proxy_protocol: { send: 'v1' } }],
    ['send-proxy-v2', { proxy_protocol: { send: 'v2' } }],
    ['send-proxy no-send-proxy', {}],
    ['slowstart 30s', { slow_start: '30s' }],
    ['on-marked-down shutdown-sessions', { on_down: 'close' }],
    ['check-ssl check-sni lb.example.net', { health: { type: 'tls', servername: 'lb.example.net' } }],
    ['inter 10s rise 3 fall 5', { health: { type: 'tcp', interval: '10s', rise: 3, fall: 5 } }],
    ['inter 2s rise 2 fall 3', {}],
    ['inter 500ms', { health: { type: 'tcp', interval: '500ms', fast_interval: '500ms' } }],
    ['port 81', { health: { type: 'tcp', port: 81 } }],
  ];
  for (const [setting, gives] of rows) {
    const { written, lost: any } = imported(text(setting));
    const { listen: _listen, timeouts: _timeouts, ...rest } = written.services['web'] as Record<string, unknown>;
    t.strictSame(JSON.parse(JSON.stringify(rest)), gives, setting);
    t.equal(any, false, setting);
  }
});

t.test('what only one server has is given to no other', async (t) => {
  const rows: readonly (readonly [setting: string, word: string])[] = [
    ['port 81', 'port differs'],
    ['addr 192.0.2.9', 'addr 192.0.2.9'],
    ['check-ssl', 'check-ssl differs'],
    ['slowstart 30s', 'slowstart differs'],
    ['on-marked-down shutdown-sessions', 'on-marked-down differs'],
  ];
  for (const [setting, word] of rows) {
    for (const [one, other] of [
      [setting, ''],
      ['', setting],
    ]) {
      const result = imported(
        `listen web\n bind *:80\n server a 192.0.2.1:80 check ${one}\n server b 192.0.2.2:80 check ${other}\n`,
      );
      const { timeouts: _timeouts, ...rest } = result.written.services['web'] as Record<string, unknown>;
      t.strictSame(rest, { listen: 80 }, setting);
      t.match(remarksOf(result, 'lost'), [new RegExp(`^${word}`)], `${setting}: one remark`);
      t.equal(result.lost, true);
    }
  }
  const unchecked = imported('listen web\n bind *:80\n server a 192.0.2.1:80 check port 81\n server b 192.0.2.2:80\n');
  t.equal((unchecked.written.services['web'] as { health?: unknown }).health, undefined, 'nor to one without a check');
  t.match(remarksOf(unchecked, 'lost'), [/^port differs/]);
  const names = 'check check-ssl check-sni';
  const sni = imported(
    `listen web\n bind *:80\n server a 192.0.2.1:80 ${names} a.example\n server b 192.0.2.2:80 ${names} b.example\n`,
  );
  t.match(sni.written.services['web'], { health: { type: 'tls', servername: undefined } });
  t.match(remarksOf(sni, 'lost'), [/^check-sni differs/]);
});

t.test('of several backups HAProxy uses one, unless it says allbackups', async (t) => {
  const text = (option: string) =>
    `listen web\n bind *:80\n ${option}\n server p 192.0.2.1:80\n server off 192.0.2.4:80 backup disabled\n server b1 192.0.2.2:80 backup\n server b2 192.0.2.3:80 backup\n`;
  const one = imported(text(''));
  t.strictSame(
    one.config.services[0]?.backends.map(({ node, admin }) => `${node} ${admin}`),
    ['p ready', 'off maint', 'b1 ready'],
  );
  t.match(remarksOf(one, 'lost'), [/^web: HAProxy uses the backup b2 only while b1 is down/]);
  t.equal(one.origins[0]?.servers.get('b2'), undefined);
  const all = imported(text('option allbackups'));
  t.strictSame(
    all.config.services[0]?.backends.map(({ node }) => node),
    ['p', 'off', 'b1', 'b2'],
  );
  t.notMatch(all.told.join('\n'), 'allbackups');
  t.equal(all.lost, false);
});

t.test('IPv4 clients that two binds see differently matter only under source', async (t) => {
  const text = (balance: string) =>
    `listen web\n bind *:8443\n bind :::9443 v4v6\n balance ${balance}\n server a 192.0.2.1:80\n server b 192.0.2.2:80\n`;
  for (const balance of ['roundrobin', 'leastconn', 'random'])
    t.strictSame(remarksOf(imported(text(balance)), 'lost'), [], balance);
  t.match(remarksOf(imported(text('source')), 'lost'), [/sees IPv4 clients otherwise/]);
});

t.test('ports that are shifted, or are the dialled ones for some servers only, leave a service out', async (t) => {
  for (const servers of [
    'server a 192.0.2.1:+1000\n server b 192.0.2.2:+1000',
    'server a 192.0.2.1:-1',
    'server a 192.0.2.1\n server b 192.0.2.2:80\n server c 192.0.2.3:80',
  ]) {
    const result = imported(`${listening()}listen range\n bind *:9000-9010\n ${servers}\n`);
    t.strictSame(Object.keys(result.written.services), ['web'], servers);
    t.match(remarksOf(result, 'lost'), [/^range: .*not carried over/], servers);
    t.ok(result.config.nodes.every(({ name }) => ['a', 'b'].includes(name)));
    t.notMatch(result.yaml, 'services: []', 'and its nodes are left out');
  }
  const one = imported('listen one\n bind *:9000\n server a 192.0.2.1:+1000\n');
  t.strictSame(
    one.config.services[0]?.backends.map(({ port }) => port),
    [10_000],
  );
});

t.test('who may come in: what can not be carried over says who may now', async (t) => {
  const rows: readonly (readonly [lines: readonly string[], lost: RegExp, lists: object])[] = [
    [
      ['tcp-request content accept if { req.ssl_hello_type 1 }', 'tcp-request content reject'],
      /^tcp-request content reject: who is let in before it is not told by networks alone: not carried over, so web is open to everybody now$/,
      {},
    ],
    [
      ['tcp-request connection reject'],
      /^tcp-request connection reject: HAProxy turns everybody away here: .* open to everybody now$/,
      {},
    ],
    [
      ['tcp-request connection accept if { src 10.0.0.0/8 }', 'tcp-request connection reject if { src 10.0.0.0/7 }'],
      /rejects some clients after others were accepted.* open to everybody now$/,
      {},
    ],
    [
      [
        'tcp-request connection reject if { src 10.9.0.0/16 }',
        'tcp-request content reject if { req.ssl_hello_type 2 }',
      ],
      /^tcp-request content reject if .* open to everybody but those of deny now$/,
      { deny: ['10.9.0.0/16'] },
    ],
    [
      [
        'tcp-request connection reject unless { src 10.0.0.0/8 }',
        'tcp-request content reject unless { src 10.0.0.0/9 }',
      ],
      /^a second list of who may come in: .* open to those of allow now$/,
      { allow: ['10.0.0.0/8'] },
    ],
  ];
  for (const [lines, word, lists] of rows) {
    const result = imported(listening(...lines));
    const { allow, deny } = result.written.services['web'] as Record<string, unknown>;
    t.strictSame({ ...(allow ? { allow } : {}), ...(deny ? { deny } : {}) }, lists, lines.join('; '));
    t.match(remarksOf(result, 'lost'), [word], lines.join('; '));
    t.equal(remarksOf(result, 'lost').length, 1, lines.join('; '));
  }
  const layered = imported(
    listening(
      'tcp-request content accept if { src 10.0.0.0/8 }',
      'tcp-request connection reject if { src 10.9.0.0/16 }',
    ),
  );
  t.match(layered.written.services['web'], { deny: ['10.9.0.0/16'] }, 'a layer before comes first');
  t.equal(layered.lost, false);
});

t.test('times that are shorter than ours, and the header of TLS, have a note', async (t) => {
  const note = (...lines: readonly string[]) => remarksOf(imported(listening(...lines)), 'note').join('\n');
  const better = (...lines: readonly string[]) => remarksOf(imported(listening(...lines)), 'better').join('\n');
  t.match(note('timeout connect 1s'), 'given up after 2s here, not 1s');
  t.notMatch(better('timeout connect 1s'), 'given up', 'longer is not called better');
  t.match(better('timeout connect 5000'), 'given up after 2s here, not 5s,');
  t.notMatch(note('timeout connect 2s') + better('timeout connect 2s'), 'given up');
  t.match(note('default-server maxconn 5', 'timeout queue 5s'), /timeout queue 5s: here a session waits \d+s/);
  t.match(note('server c 192.0.2.3:8080 send-proxy-v2-ssl'), 'nothing of TLS');
});

t.test('binds', async (t) => {
  const text = (bind: string) =>
    `listen web\n bind ${bind}\n server a 192.0.2.1:80\n server b 192.0.2.2:80\n balance source\n`;
  const rows: readonly (readonly [bind: string, listen: unknown, v4Mapped: boolean])[] = [
    ['*:443', 443, false],
    [':443', 443, false],
    ['0.0.0.0:443', 443, false],
    [':::443', 443, true],
    ['[::]:443 v4v6', 443, true],
    [':::443 v4v6 accept-proxy', 443, false],
    ['192.0.2.100:443', '192.0.2.100:443', false],
    ['ipv4@192.0.2.100:443', '192.0.2.100:443', false],
    ['[2001:db8::1]:443', '[2001:db8::1]:443', false],
    ['2001:db8::1:443', '[2001:db8::1]:443', false],
    ['/run/web.sock', 'unix:/run/web.sock', false],
    ['192.0.2.100:443,192.0.2.101:443', ['192.0.2.100:443', '192.0.2.101:443'], false],
    ['*:8000-8010', '8000-8010', false],
    ['*:443\n bind :::443 v6only', 443, false],
  ];
  for (const [bind, listen, v4Mapped] of rows) {
    const { written, lost: any } = imported(text(bind));
    const service = written.services['web'];
    t.strictSame(service !== false && service?.listen, listen, bind);
    t.equal((service !== false && service?.hash?.v4_mapped) ?? false, v4Mapped, `${bind}: IPv4 clients`);
    t.equal(any, false, bind);
  }
});

t.test('a Unix socket that others may open: lost, with the way out', async (t) => {
  const of = (bind: string) => imported(`listen web\n bind ${bind}\n server a 192.0.2.1:80\n`);
  const open = of('unix@/run/web.sock mode 666 group bar');
  t.same(remarksOf(open, 'lost'), [
    'bind unix@/run/web.sock: only the user that chargehand runs as can open it: a socket unit of systemd with ' +
      'SocketMode=666, SocketGroup=bar and listen: "systemd:NAME" let others in',
  ]);
  t.equal(open.lost, true);
  for (const rights of ['mode 0660', 'mode 606', 'user www-data', 'gid 33 mode 600']) {
    t.equal(of(`/run/web.sock ${rights}`).lost, true, rights);
  }
  for (const rights of ['', 'mode 600', 'mode 0644', 'mode 755']) {
    t.equal(of(`/run/web.sock ${rights}`).lost, false, rights);
  }
  const tcp = of('*:80 mode 666');
  t.equal(tcp.lost, false);
  t.match(remarksOf(tcp, 'note').join(), 'mean something only for a Unix socket');
});

t.test('defaults are inherited: the nearest, by name, from each other, and taken back', async (t) => {
  const result = imported(
    [
      ...['defaults one', ' mode tcp', ' balance leastconn', ' timeout client 1h', ' timeout server 1h', ' retries 5'],
      ...['defaults two from one', ' balance random', ' no option redispatch'],
      ...['listen nearest', ' bind *:1001', ' server a 192.0.2.1:1'],
      ...['listen named from one', ' bind *:1002', ' server a 192.0.2.1:1'],
      ...['defaults', ' timeout client 15m', ' timeout server 15m'],
      ...['listen bare', ' bind *:1003', ' server a 192.0.2.1:1'],
    ].join('\n'),
  );
  const { services } = result.written;
  t.match(services['nearest'], { balance: 'random', retries: 5, timeouts: { idle: '1h' } });
  t.match(services['named'], { balance: 'leastconn', retries: 5 });
  t.strictSame(services['bare'], { listen: 1003, port: 1 });
});

t.test('quotes, escapes, comments, variables and conditions', async (t) => {
  const text = [
    'global # of the machine',
    ' setenv PORT 8081',
    'listen "we\'b" # a name in quotes',
    '  bind "*:$PORT"',
    "  bind '*:8082'",
    `  server a\\-1 "$${'{NODE-192.0.2.1}'}:80"`,
    '.if defined(EXTRA) && !streq("$EXTRA",no)',
    '  server b 192.0.2.2:80',
    '.elif version_before(3.0)',
    '  server c 192.0.2.3:80',
    '.else',
    '  server d 192.0.2.4:80',
    '.endif',
  ].join('\n');
  const hosts = (circumstances: Parameters<typeof imported>[1]) =>
    imported(text, circumstances).config.nodes.map(({ host }) => host);
  t.strictSame(imported(text).written.services['we-b'], { listen: [8081, 8082], port: 80, timeouts: { idle: '596h' } });
  t.strictSame(hosts({}), ['192.0.2.1', '192.0.2.4']);
  t.strictSame(hosts({ environment: { EXTRA: 'yes', NODE: '192.0.2.99' } }), ['192.0.2.99', '192.0.2.2']);
  t.strictSame(hosts({ version: [2, 6] }), ['192.0.2.1', '192.0.2.3']);
});

t.test('variables in an address need no quotes; presetenv does not overrule the environment', async (t) => {
  const result = imported(
    [
      ...['global', ' presetenv PORT 8081', ' presetenv NODE 192.0.2.9', 'listen web', ' bind *:$PORT'],
      ...[` source $${'{FROM}'}`, ` server a $${'{NODE}'}:80`, ` server b '$${'{NOWHERE}'}192.0.2.2:80'`],
    ].join('\n'),
    { environment: { NODE: '192.0.2.1', FROM: '192.0.2.200' } },
  );
  t.match(result.written.services['web'], { listen: 8081, source_address: '192.0.2.200' });
  t.strictSame(
    result.config.nodes.map(({ host }) => host),
    ['192.0.2.1', '192.0.2.2'],
  );
  t.match(remarksOf(result, 'lost'), [/NOWHERE is not set/]);
});

t.test('TLS that ends here is seen behind other words of TLS', async (t) => {
  const text = `${listening()}listen tls\n bind *:81 alpn h2 strict-sni ssl crt /x.pem\n server a 192.0.2.1:80\n`;
  const result = imported(text);
  t.strictSame(Object.keys(result.written.services), ['web']);
  t.match(remarksOf(result, 'lost'), [/^tls ends TLS here/]);
});

t.test('of several expectations all must be met', async (t) => {
  const expect = (...lines: readonly string[]) => {
    const service = web('option httpchk', ...lines.map((line) => `http-check expect ${line}`));
    return (service as { health?: { expect?: unknown } }).health?.expect;
  };
  t.strictSame(expect('string a', 'status 200'), { status: [200], contains: 'a' });
  t.strictSame(expect('status 200-203', 'status 203,204'), { status: [203] });
  t.strictSame(expect('string a', 'string b'), { status: [], contains: 'a' });
  t.match(lost('option httpchk', 'http-check expect string a', 'http-check expect string b'), 'only the first');
  t.strictSame(expect('status 200', 'status 500'), { status: [200] });
  t.match(lost('option httpchk', 'http-check expect status 200', 'http-check expect status 500'), 'no status meets');
});

t.test('the port that a rule connects to is asked, not that of the server', async (t) => {
  for (const kind of ['http', 'tcp']) {
    const option = kind === 'http' ? 'httpchk' : 'tcp-check';
    const text = `listen web\n bind *:80\n option ${option}\n ${kind}-check connect port 82\n server a 192.0.2.1:80 check port 81\n`;
    t.match(imported(text).written.services['web'], { health: { port: 82 } }, kind);
    const elsewhere = imported(text.replace('connect', 'connect addr 192.0.2.9'));
    t.match(
      remarksOf(elsewhere, 'lost'),
      [/^addr of a rule: a check asks the node itself/],
      `${kind}: another address`,
    );
  }
});

t.test('a queue is as patient as a connect where nothing is said of it', async (t) => {
  const full = (...lines: readonly string[]) =>
    imported(`listen web\n bind *:80\n server a 192.0.2.1:80 maxconn 5\n timeout client 15m\n ${lines.join('\n ')}\n`)
      .written.services['web'];
  t.match(full('timeout connect 1m'), { timeouts: { queue: '1m' } });
  t.match(full('timeout connect 1m', 'timeout queue 20s'), { timeouts: { queue: '20s' } });
  t.strictSame(full('timeout connect 5s'), { listen: 80, max_sessions_per_backend: 5 });
});

t.test('a session that one side has finished lasts longer in HAProxy, which is told', async (t) => {
  const notes = (...lines: readonly string[]) => remarksOf(imported(listening(...lines)), 'note').join('\n');
  t.match(notes('timeout client 1h', 'timeout server 1h'), /^web: a session that one side has finished .*half_closed/m);
  t.notMatch(notes('timeout client 1m', 'timeout server 1m'), 'half_closed');
  t.notMatch(notes('timeout tunnel 1h', 'timeout client-fin 30s', 'timeout server-fin 30s'), 'half_closed');
});

t.test('the default of balance is that of the version', async (t) => {
  t.strictSame(imported(listening()).written.services['web'], { ...bare, timeouts: { idle: '596h' } });
  t.match(remarksOf(imported(listening()), 'note').join('\n'), '--haproxy-version 3.3');
  t.match(imported(listening(), { version: [3, 3] }).written.services['web'], { balance: 'random' });
  t.notMatch(remarksOf(imported(listening(), { version: [2, 8] }), 'note').join('\n'), '--haproxy-version');
});

t.test('a page of statistics that asked for a password is not opened to everybody', async (t) => {
  const page = (...more: readonly string[]) =>
    imported(`${listening()}\nlisten stats\n mode http\n bind *:9000\n stats enable\n${more.join('\n')}\n`).written
      .http;
  t.strictSame(page(), { listen: 9000 });
  t.equal(page(' stats auth admin:secret'), undefined);
});
