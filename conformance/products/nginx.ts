// nginx as Debian has it, its stream module: one worker, so that its counts are whole without a shared zone.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULTS, type NodePlace, type Service, type Setup, wholeIdleMs } from '../setup.ts';
import type { Product, Running, Site } from './product.ts';
import { ProductProcess } from './product-process.ts';

/** Where Debian puts it; it is not in everybody's PATH. */
const PROGRAM = '/usr/sbin/nginx';
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** Not stdout: what Node gives a child for it can't be opened by a name. */
const LOG = 'sessions.log';

const BALANCE = {
  roundrobin: [],
  leastconn: ['least_conn;'],
  source: ['hash $remote_addr consistent;'],
  'source-map': ['hash $remote_addr;'],
  pinned: [],
} as const;

/** nginx reads milliseconds, but for one: its shortest stop is a second. */
const ms = (n: number) => `${n}ms`;

function server({ setup, host, port }: NodePlace, { maxPerNode }: Setup): string {
  const max = maxPerNode === undefined ? '' : ` max_conns=${maxPerNode}`;
  return `server ${host}:${port} weight=${setup.weight ?? 1}${max}${setup.backup ? ' backup' : ''};`;
}

function block(service: Service): string {
  const { name, listen, setup, nodes } = service;
  const { proxyFrom, maxSessions, maxPerClient, allow, deny, waitForClientMs } = setup;
  const place = listen.path === undefined ? `${listen.host}:${listen.port}` : `unix:${listen.path}`;
  const upstream = [
    ...BALANCE[setup.balance ?? 'roundrobin'],
    ...(setup.balance === 'pinned' ? nodes.slice(0, 1) : nodes).map((node) => server(node, setup)),
  ];
  const lines = [
    `listen ${place}${proxyFrom === undefined ? '' : ' proxy_protocol'};`,
    ...(proxyFrom ?? []).map((peer) => `set_real_ip_from ${peer};`),
    `proxy_pass ${name};`,
    `set $service ${name};`,
    `proxy_connect_timeout ${ms(setup.connectMs ?? DEFAULTS.connectMs)};`,
    ...(setup.tries === undefined ? [] : [`proxy_next_upstream_tries ${setup.tries};`]),
    `proxy_timeout ${ms(wholeIdleMs(setup))};`,
    ...(setup.headerMs === undefined ? [] : [`proxy_protocol_timeout ${ms(setup.headerMs)};`]),
    ...(setup.halfClose === 'pass' ? ['proxy_half_close on;'] : []),
    ...(maxSessions === undefined ? [] : [`limit_conn ${name}-all ${maxSessions};`]),
    ...(maxPerClient === undefined ? [] : [`limit_conn ${name}-client ${maxPerClient};`]),
    ...(deny ?? []).map((network) => `deny ${network};`),
    ...(allow === undefined ? [] : [...allow.map((network) => `allow ${network};`), 'deny all;']),
    ...(waitForClientMs === undefined ? [] : ['ssl_preread on;', `preread_timeout ${ms(waitForClientMs)};`]),
    ...(setup.proxyTo === undefined ? [] : ['proxy_protocol on;']),
    ...(setup.sourceAddress === undefined ? [] : [`proxy_bind ${setup.sourceAddress};`]),
  ];
  return `
  limit_conn_zone $server_port zone=${name}-all:64k;
  limit_conn_zone $binary_remote_addr zone=${name}-client:64k;
  upstream ${name} {
    ${upstream.join('\n    ')}
  }
  server {
    ${lines.join('\n    ')}
  }
`;
}

function config(site: Site, services: readonly Service[]): string {
  const stopWithin = services.map(({ setup }) => setup.stopWithinMs).find((value) => value !== undefined);
  return `load_module ${STREAM_MODULE};
daemon off;
worker_processes 1;
pid ${join(site.folder, 'nginx.pid')};
error_log stderr notice;
${stopWithin === undefined ? '' : `worker_shutdown_timeout ${ms(stopWithin)};`}
events { worker_connections 4096; }
stream {
  log_format session "session $service|$remote_addr:$remote_port|$status|$upstream_addr";
  access_log ${join(site.folder, LOG)} session;
${services.map(block).join('')}}
`;
}

class RunningNginx implements Running {
  readonly #process: ProductProcess;
  readonly #log: string;
  readonly #write: (services: readonly Service[], broken: boolean) => void;

  constructor(site: Site, write: (services: readonly Service[], broken: boolean) => void, file: string) {
    this.#log = join(site.folder, LOG);
    this.#write = write;
    this.#process = new ProductProcess([PROGRAM, '-p', site.folder, '-e', 'stderr', '-c', file], site.folder);
  }

  get exited(): Promise<string> {
    return this.#process.exited;
  }

  async ready(): Promise<this> {
    await this.#process.line(/start worker process \d/);
    return this;
  }

  logOf(service: string, client: string): string | undefined {
    const name = client === '' ? 'unix::' : client.replace(/[[\]]/g, '');
    const line = readFileSync(this.#log, 'utf8')
      .split('\n')
      .find((text) => text.startsWith(`session ${service}|${name}|`));
    if (line === undefined) return undefined;
    const [, , status = '', upstreams = ''] = line.split('|');
    const retries = upstreams.split(',').length - 1;
    return `${status}${retries > 0 ? ` retries=${retries}` : ''}`;
  }

  output(): string {
    return this.#process.tail();
  }

  async health(): Promise<void> {
    throw new Error('it has no health checks');
  }

  async operate(): Promise<void> {
    throw new Error('it has no commands for operators');
  }

  async reload(services: readonly Service[], broken = false): Promise<'applied' | 'refused'> {
    const from = this.#process.lines.length;
    this.#write(services, broken);
    this.#process.signal('SIGHUP');
    // The worker before says so in the turn in which it closes its listeners.
    const line = await this.#process.line(/gracefully shutting down|\[emerg\]/, from);
    return line.includes('[emerg]') ? 'refused' : 'applied';
  }

  freeze(): void {
    this.#process.signalAll('SIGSTOP');
  }

  thaw(): void {
    this.#process.signalAll('SIGCONT');
  }

  stop(): void {
    this.#process.signal('SIGQUIT');
  }

  kill(): void {
    this.#process.signal('SIGTERM');
  }

  end(): Promise<void> {
    return this.#process.end();
  }
}

function missing(): string | undefined {
  if (!existsSync(PROGRAM)) return 'nginx is not installed (apt-get install nginx libnginx-mod-stream)';
  if (!existsSync(STREAM_MODULE)) return 'nginx has no stream module (apt-get install libnginx-mod-stream)';
  return undefined;
}

function cannot(setup: Setup): string | undefined {
  if (setup.check) return 'no health checks of its own in the open-source version';
  if (setup.operator) return 'no commands for operators: a node is taken out by a reload';
  if (setup.queueMs !== undefined || setup.queue !== undefined) return 'no queue: what has no place is closed';
  if (setup.ratePerClient !== undefined) return 'no limit of new connections by rate in its stream module';
  if (setup.proxyTo === 'v2') return 'sends no version 2 (new in 1.31.4)';
  if (setup.halfClosedMs !== undefined) return 'no timeout of its own for half-closed sessions';
  if (
    setup.balance !== undefined &&
    /source/.test(setup.balance) &&
    Object.values(setup.nodes ?? {}).some((n) => n.backup)
  ) {
    return 'no backup servers with hash';
  }
  return undefined;
}

export const nginx: Product = {
  name: 'nginx',
  title: 'nginx',
  missing,
  version: () => /nginx\/(\d+\.\d+)/.exec(spawnSync(PROGRAM, ['-v'], { encoding: 'utf8' }).stderr)?.[1] ?? '',
  cannot,
  start(site, services) {
    const file = join(site.folder, 'nginx.conf');
    const write = (services: readonly Service[], broken: boolean) => {
      writeFileSync(file, `${config(site, services)}${broken ? 'nonsense;\n' : ''}`);
    };
    write(services, false);
    return new RunningNginx(site, write, file).ready();
  },
};
