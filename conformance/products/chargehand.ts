// chargehand, as built by `npm run build`, with each of its relays.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { DEFAULTS, nodeId, type Service, type Setup, wholeIdleMs } from '../setup.ts';
import type { Product, Running, Site } from './product.ts';
import { ProductProcess } from './product-process.ts';

const program = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

const SOCKET = 'admin.sock';

type Relay = 'net' | 'native';

const ms = (n: number) => `${n}ms`;

function balance({ balance = 'roundrobin' }: Setup): object {
  if (balance === 'source-map') return { balance: 'source', hash: { method: 'haproxy' } };
  return { balance };
}

function serviceEntry(service: Service): object {
  const { listen, setup, nodes } = service;
  const { check, maxSessions, maxPerNode, maxPerClient, ratePerClient, proxyFrom = false, proxyTo = false } = setup;
  const [first] = nodes;
  return {
    listen: listen.path === undefined ? `${listen.host}:${listen.port}` : `unix:${listen.path}`,
    port: first?.port,
    nodes: nodes.map(({ name }) => nodeId(service, name)),
    ...balance(setup),
    ...(setup.balance === 'pinned' && { nodes: undefined, node: nodeId(service, first?.name ?? '') }),
    timeouts: {
      connect: ms(setup.connectMs ?? DEFAULTS.connectMs),
      idle: ms(wholeIdleMs(setup)),
      half_closed: ms(setup.halfClosedMs ?? DEFAULTS.idleMs),
      queue: ms(setup.queueMs ?? DEFAULTS.queueMs),
      first_byte: ms(setup.waitForClientMs ?? setup.headerMs ?? DEFAULTS.idleMs),
      drain: ms(setup.stopWithinMs ?? DEFAULTS.idleMs),
    },
    wait_for_client: setup.waitForClientMs !== undefined,
    health: check ? { type: 'tcp', port: first?.checkPort, interval: ms(DEFAULTS.checkMs), rise: 1, fall: 2 } : false,
    retries: setup.tries === undefined ? undefined : setup.tries - 1,
    on_down: setup.onDown,
    when_all_down: setup.allDown === 'refuse' ? 'refuse' : undefined,
    max_sessions: maxSessions,
    max_sessions_per_backend: maxPerNode,
    queue: setup.queue,
    max_sessions_per_client: maxPerClient,
    rate_per_client: ratePerClient && { rate: `${ratePerClient}/m`, burst: ratePerClient },
    allow: setup.allow,
    deny: setup.deny,
    source_address: setup.sourceAddress,
    proxy_protocol: { accept: proxyFrom, send: proxyTo },
  };
}

function nodeEntry(service: Service): [string, object][] {
  return service.nodes.map(({ name, setup, host, port }) => [
    nodeId(service, name),
    {
      address: host,
      weight: setup.weight,
      backup: setup.backup,
      ports: { [service.name]: port },
      services: [service.name],
    },
  ]);
}

function config(site: Site, services: readonly Service[], relay: Relay): string {
  return stringify({
    version: 1,
    nodes: Object.fromEntries(services.flatMap(nodeEntry)),
    services: Object.fromEntries(services.map((service) => [service.name, serviceEntry(service)])),
    http: false,
    admin: { socket: join(site.folder, SOCKET), state: join(site.folder, 'state.json') },
    log: { format: 'json' },
    relay: { kind: relay },
  });
}

class RunningChargehand implements Running {
  readonly #process: ProductProcess;
  readonly #file: string;
  readonly #write: (services: readonly Service[], broken: boolean) => void;

  constructor(file: string, folder: string, write: (services: readonly Service[], broken: boolean) => void) {
    this.#file = file;
    this.#write = write;
    this.#process = new ProductProcess([process.execPath, program, 'run', '-c', file], folder);
  }

  get exited(): Promise<string> {
    return this.#process.exited;
  }

  async ready(): Promise<this> {
    await this.#process.line(/"chargehand is ready"/);
    return this;
  }

  logOf(service: string, client: string): string | undefined {
    for (const line of this.#process.lines) {
      if (!line.includes('"msg":"session"') || !line.includes(`"service":"${service}"`)) continue;
      const told = JSON.parse(line);
      if ((told.client ?? '') !== client) continue;
      return `${told.end} ${told.ended_by} ${told.flags}${told.retries > 0 ? ` retries=${told.retries}` : ''}`;
    }
    return undefined;
  }

  output(): string {
    return this.#process.tail();
  }

  async health(service: Service, node: string, state: 'up' | 'down'): Promise<void> {
    await this.#process.line(new RegExp(`"node":"${nodeId(service, node)}".*"msg":"backend ${state}"`));
  }

  async operate(service: Service, node: string, word: 'drain' | 'maint' | 'ready' | 'end-sessions'): Promise<void> {
    const order = word === 'end-sessions' ? { state: 'drain', within: '0s' } : { state: word };
    const { status, text } = await this.#ask(`/v1/nodes/${nodeId(service, node)}`, order);
    if (status !== 200) throw new Error(`chargehand, ${word}: ${text}`);
  }

  async reload(services: readonly Service[], broken = false): Promise<'applied' | 'refused'> {
    this.#write(services, broken);
    const { text } = await this.#ask('/v1/reload', {});
    return JSON.parse(text).applied === true ? 'applied' : 'refused';
  }

  freeze(): void {
    this.#process.signalAll('SIGSTOP');
  }

  thaw(): void {
    this.#process.signalAll('SIGCONT');
  }

  stop(): void {
    this.#process.signal('SIGTERM');
  }

  kill(): void {
    this.#process.signal('SIGTERM');
    // The second word is another one only when the first was heard.
    void this.#process.line(/: stopping"/).then(() => this.#process.signal('SIGTERM'));
  }

  end(): Promise<void> {
    return this.#process.end();
  }

  /** By the admin socket, as the commands do: starting one for each word takes longer than all the rest. */
  async #ask(path: string, body: object): Promise<{ status: number; text: string }> {
    const asked = request({ socketPath: join(dirname(this.#file), SOCKET), path, method: 'POST' });
    asked.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return { status: response.statusCode ?? 0, text };
  }
}

/** Why this relay can't run here. */
function missing(relay: Relay): string | undefined {
  if (!existsSync(program)) return 'dist/src/main.js is not built (npm run build)';
  if (relay === 'net') return undefined;
  const { stdout } = spawnSync(process.execPath, [program, 'version', '--verbose'], { encoding: 'utf8' });
  const [line = 'relay unknown'] = stdout.split('\n').filter((text) => text.startsWith('relay '));
  return line.startsWith('relay native') ? undefined : line;
}

function chargehand(relay: Relay): Product {
  return {
    name: 'chargehand',
    title: `chargehand, ${relay} relay`,
    missing: () => missing(relay),
    version: () => '',
    cannot: () => undefined,
    start(site, services) {
      const file = join(site.folder, 'chargehand.yaml');
      const write = (services: readonly Service[], broken: boolean) => {
        writeFileSync(file, `${config(site, services, relay)}${broken ? 'nonsense: true\n' : ''}`);
      };
      write(services, false);
      return new RunningChargehand(file, site.folder, write).ready();
    },
  };
}

export const net = chargehand('net');
export const native = chargehand('native');
