// HAProxy as Debian has it, in `mode tcp`: master and worker of one thread, the log on stdout, the runtime socket for operators.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findHaproxy } from '../../test/fixtures/real-haproxy.ts';
import { DEFAULTS, type NodePlace, nodeId, type Service, type Setup } from '../setup.ts';
import type { Product, Running, Site } from './product.ts';
import { ProductProcess } from './product-process.ts';

const found = findHaproxy();

const BALANCE = {
  roundrobin: ['balance roundrobin'],
  leastconn: ['balance leastconn'],
  source: ['balance source', 'hash-type consistent'],
  'source-map': ['balance source'],
  pinned: ['balance roundrobin'],
} as const;

function server(service: Service, { name, setup, host, port, checkPort }: NodePlace): string {
  const { maxPerNode, queue, check, onDown, proxyTo } = service.setup;
  return [
    `server ${nodeId(service, name)} ${host}:${port} weight ${setup.weight ?? 1}`,
    maxPerNode === undefined ? '' : `maxconn ${maxPerNode}`,
    queue === undefined ? '' : `maxqueue ${queue}`,
    check ? `check port ${checkPort} inter ${DEFAULTS.checkMs} rise 1 fall 2` : '',
    setup.backup ? 'backup' : '',
    onDown === 'close' ? 'on-marked-down shutdown-sessions' : '',
    proxyTo === undefined ? '' : proxyTo === 'v1' ? 'send-proxy' : 'send-proxy-v2',
  ]
    .filter((word) => word !== '')
    .join(' ');
}

function admission({ allow, deny, proxyFrom, maxPerClient, ratePerClient, waitForClientMs }: Setup): string[] {
  const tracked = maxPerClient ?? ratePerClient;
  return [
    ...(proxyFrom === undefined
      ? []
      : [`tcp-request connection expect-proxy layer4 if { src ${proxyFrom.join(' ')} }`]),
    ...(deny === undefined ? [] : [`tcp-request session reject if { src ${deny.join(' ')} }`]),
    ...(allow === undefined ? [] : [`tcp-request session reject unless { src ${allow.join(' ')} }`]),
    ...(tracked === undefined
      ? []
      : ['stick-table type ip size 1k expire 5m store conn_cur,conn_rate(1m)', 'tcp-request connection track-sc0 src']),
    ...(maxPerClient === undefined ? [] : [`tcp-request connection reject if { sc0_conn_cur gt ${maxPerClient} }`]),
    ...(ratePerClient === undefined ? [] : [`tcp-request connection reject if { sc0_conn_rate gt ${ratePerClient} }`]),
    ...(waitForClientMs === undefined
      ? []
      : [
          `tcp-request inspect-delay ${waitForClientMs}`,
          'tcp-request content accept if { req.len gt 0 }',
          'tcp-request content reject',
        ]),
  ];
}

function section(service: Service): string {
  const { listen, setup, nodes } = service;
  const idle = setup.idleMs ?? DEFAULTS.idleMs;
  const lines = [
    `bind ${listen.path === undefined ? `${listen.host}:${listen.port}` : `unix@${listen.path}`}`,
    ...BALANCE[setup.balance ?? 'roundrobin'],
    ...(setup.failover === 'next-node' ? ['option redispatch 1'] : []),
    ...(setup.tries === undefined ? [] : [`retries ${setup.tries - 1}`]),
    ...(setup.maxSessions === undefined ? [] : [`maxconn ${setup.maxSessions}`]),
    `timeout connect ${setup.connectMs ?? DEFAULTS.connectMs}`,
    `timeout queue ${setup.queueMs ?? DEFAULTS.queueMs}`,
    `timeout client ${setup.headerMs ?? setup.clientIdleMs ?? idle}`,
    `timeout server ${setup.nodeIdleMs ?? idle}`,
    ...(setup.tunnelMs === undefined ? [] : [`timeout tunnel ${setup.tunnelMs}`]),
    ...(setup.halfClosedMs === undefined
      ? []
      : [`timeout client-fin ${setup.halfClosedMs}`, `timeout server-fin ${setup.halfClosedMs}`]),
    ...admission(setup),
    ...(setup.sourceAddress === undefined ? [] : [`source ${setup.sourceAddress}`]),
    ...(setup.balance === 'pinned' ? nodes.slice(0, 1) : nodes).map((node) => server(service, node)),
  ];
  return `listen ${service.name}\n  ${lines.join('\n  ')}\n`;
}

function config(site: Site, services: readonly Service[]): string {
  const stopWithin = services.map(({ setup }) => setup.stopWithinMs).find((ms) => ms !== undefined);
  // One thread: else a client who has come first may be dealt with last.
  return `global
  nbthread 1
  log stdout format raw local0
  stats socket ${join(site.folder, 'haproxy.sock')} mode 600 level admin
  ${stopWithin === undefined ? '' : `hard-stop-after ${stopWithin}`}
defaults
  mode tcp
  log global
  log-format "session %ft|%ci:%cp|%s|%ts|%rc"
  error-log-format "session %ft|%ci:%cp|%s|%ts|%rc"
  retries 3
${services.map(section).join('')}`;
}

class RunningHaproxy implements Running {
  readonly #process: ProductProcess;
  readonly #socket: string;
  readonly #write: (services: readonly Service[], broken: boolean) => void;

  constructor(site: Site, write: (services: readonly Service[], broken: boolean) => void, file: string) {
    this.#socket = join(site.folder, 'haproxy.sock');
    this.#write = write;
    this.#process = new ProductProcess([found?.path ?? 'haproxy', '-W', '-db', '-f', file], site.folder);
  }

  get exited(): Promise<string> {
    return this.#process.exited;
  }

  async ready(): Promise<this> {
    await this.#process.line(/Loading success/);
    await this.#answers();
    return this;
  }

  logOf(service: string, client: string): string | undefined {
    const name = client === '' ? 'unix:' : `${client.replace(/[[\]]/g, '')}|`;
    const line = this.#process.lines.find((line) => line.includes(`session ${service}|${name}`));
    if (line === undefined) return undefined;
    const [, , server, flags = '', retries = ''] = line.split('|');
    return `${flags}${server === '<NOSRV>' ? ' <NOSRV>' : ''}${/^\+?0$/.test(retries) ? '' : ` retries=${retries}`}`;
  }

  output(): string {
    return this.#process.tail();
  }

  async health(service: Service, node: string, state: 'up' | 'down'): Promise<void> {
    await this.#process.line(new RegExp(`Server ${service.name}/${nodeId(service, node)} is ${state.toUpperCase()}`));
  }

  async operate(service: Service, node: string, word: 'drain' | 'maint' | 'ready' | 'end-sessions'): Promise<void> {
    const server = `${service.name}/${nodeId(service, node)}`;
    if (word === 'end-sessions')
      await this.#tell(`set server ${server} state drain; shutdown sessions server ${server}`);
    else await this.#tell(`set server ${server} state ${word}`);
  }

  async reload(services: readonly Service[], broken = false): Promise<'applied' | 'refused'> {
    const from = this.#process.lines.length;
    this.#write(services, broken);
    await this.#master('SIGUSR2', /Reloading HAProxy/);
    const line = await this.#process.line(/Loading success|Loading failure|exited with status|Failed to load/, from);
    if (!line.includes('Loading success')) return 'refused';
    // The worker before says so when it has let go of its listeners.
    await this.#process.line(/Proxy \S+ stopped/, from);
    await this.#answers();
    return 'applied';
  }

  freeze(): void {
    this.#process.signalAll('SIGSTOP');
  }

  thaw(): void {
    this.#process.signalAll('SIGCONT');
  }

  stop(): void {
    void this.#master('SIGUSR1', /Exiting Master process/);
  }

  kill(): void {
    void this.#master('SIGTERM', /Exiting Master process/);
  }

  end(): Promise<void> {
    return this.#process.end();
  }

  /** Says it to the master until it says that it has heard: just after its start it loses signals. */
  async #master(signal: NodeJS.Signals, heard: RegExp): Promise<void> {
    const from = this.#process.lines.length;
    while (!this.#process.ended && !this.#process.lines.slice(from).some((line) => heard.test(line))) {
      this.#process.signal(signal);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /** Resolves when the worker answers. */
  async #answers(): Promise<void> {
    while (!(await this.#ask('show info')).includes('Pid: ')) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async #tell(command: string): Promise<void> {
    const answer = await this.#ask(command);
    if (answer.trim() !== '') throw new Error(`haproxy, ${command}: ${answer}`);
  }

  async #ask(command: string): Promise<string> {
    const socket = connect(this.#socket);
    let answer = '';
    socket
      .on('error', () => {})
      .on('data', (chunk) => {
        answer += chunk;
      });
    socket.end(`${command}\n`);
    await new Promise((resolve) => socket.once('close', resolve));
    return answer;
  }
}

export const haproxy: Product = {
  name: 'haproxy',
  title: 'HAProxy',
  missing: () => (found === undefined ? 'haproxy is not installed (apt-get install haproxy)' : undefined),
  version: () => /version (\d+\.\d+)/.exec(execFileSync(found?.path ?? '', ['-v'], { encoding: 'utf8' }))?.[1] ?? '',
  cannot: () => undefined,
  start(site, services) {
    const file = join(site.folder, 'haproxy.cfg');
    const write = (services: readonly Service[], broken: boolean) => {
      writeFileSync(file, `${config(site, services)}${broken ? '  nonsense\n' : ''}`);
    };
    write(services, false);
    return new RunningHaproxy(site, write, file).ready();
  },
};
