// chargehand as HAProxy's tools see it: its socket, its CSV, the names of its exporter. Puts the parts of this folder
// together for a file, and changes over to another one when it is reloaded. Without `haproxy:` it counts nothing.

import type { Config } from '../../config/config.ts';
import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../core/events.ts';
import { ListenError } from '../../errors.ts';
import { LineServer } from '../../net/line-server.ts';
import { giveTo, noSocketAt } from '../admin-socket.ts';
import type { Operator } from '../operator.ts';
import { CliError } from './cli-error.ts';
import type { CommandTools } from './commands.ts';
import { bytesOut, HaproxyCounts } from './counts.ts';
import { converse } from './dialogue.ts';
import { exporterText } from './exporter.ts';
import { CSV_HEADER, csvLine } from './formats.ts';
import type { ProcessFacts } from './info.ts';
import { type RowSources, rowsOf } from './rows.ts';
import { Servers } from './servers.ts';
import type { ShownService } from './shown-service.ts';

export interface HaproxyFaceOptions {
  readonly clock: Clock;
  readonly observer: Observer;
  readonly services: () => readonly ShownService[];
  readonly operator: Operator;
  /** Brings the bytes of running sessions up to date. */
  readonly refresh: () => void;
  readonly process: () => Pick<
    ProcessFacts,
    | 'version'
    | 'hostName'
    | 'pid'
    | 'startedAt'
    | 'threads'
    | 'openFilesLimit'
    | 'sessionLimit'
    | 'sessions'
    | 'stopping'
    | 'droppedLogLines'
  >;
}

const MAX_CLIENTS = 16;
const MAX_LINE_BYTES = 16 * 1024;
const SILENT_MS = 10_000;
/** Where there is no admin socket to take them from. */
const STANDARD_MODE = 0o660;
const STANDARD_GROUP = 'chargehand';

type Wanted = Pick<Config, 'haproxy' | 'admin'>;

export class HaproxyFace {
  readonly #options: HaproxyFaceOptions;
  readonly #servers: Servers;
  #counts: HaproxyCounts | undefined;
  #server: LineServer | undefined;
  /** Where it listens. */
  #path: string | undefined;
  #metrics = false;
  #busy = performance.eventLoopUtilization();

  constructor(options: HaproxyFaceOptions) {
    this.#options = options;
    this.#servers = new Servers(options.operator, options.services, options.observer);
  }

  /** Counts from now on, where the file asks for anything of HAProxy's. Before the services begin to work. */
  count({ haproxy }: Wanted): void {
    if (haproxy === undefined) return;
    this.#metrics = haproxy.metrics;
    this.#count();
  }

  /** For the balancer: passes on to what counts now. */
  readonly observer: Observer = {
    sessionEnded: (record) => this.#counts?.sessionEnded(record),
    retried: (...a) => this.#counts?.retried(...a),
    probed: (...a) => this.#counts?.probed(...a),
    healthFlipped: (flip) => this.#counts?.healthFlipped(flip),
    adminChanged: (service, node, state) => this.#counts?.adminChanged(service, node, state),
  };

  /** Binds its socket, where the file asks for one; rejects with a ListenError that names it. */
  async start({ haproxy, admin }: Wanted): Promise<void> {
    if (haproxy?.socket !== undefined) await this.#listen(haproxy.socket, admin);
  }

  /** Another file is in effect. A socket that can't be had is told, and the one before stays. */
  async update(config: Wanted): Promise<void> {
    const { haproxy } = config;
    if (haproxy === undefined) {
      await this.close();
      return;
    }
    this.#count();
    this.#metrics = haproxy.metrics;
    if (haproxy.socket === this.#path) return;
    const before = this.#server;
    try {
      if (haproxy.socket === undefined) this.#forget();
      else await this.#listen(haproxy.socket, config.admin);
      await before?.close();
    } catch (error) {
      this.#options.observer.notice?.('error', error instanceof Error ? error.message : String(error));
    }
  }

  /** Ends every conversation and removes the socket. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#forget();
    this.#metrics = false;
    this.#counts?.close();
    this.#counts = undefined;
    await server?.close();
  }

  /** The statistics as CSV; undefined: the file asks for nothing of HAProxy's. */
  csv(): string | undefined {
    if (this.#counts === undefined) return undefined;
    return CSV_HEADER + rowsOf(this.#rows(this.#counts)).map(csvLine).join('');
  }

  /** What comes behind the metrics of chargehand; empty where it isn't asked for. */
  metrics(): string {
    if (this.#counts === undefined || !this.#metrics) return '';
    return exporterText(this.#rows(this.#counts), this.#facts(this.#counts));
  }

  #count(): void {
    if (this.#counts !== undefined) return;
    const { clock, services } = this.#options;
    this.#counts = new HaproxyCounts({ clock, services });
    this.#counts.start();
  }

  #forget(): void {
    this.#server = undefined;
    this.#path = undefined;
  }

  async #listen(path: string, admin: Config['admin']): Promise<void> {
    const { clock, observer } = this.#options;
    const server = new LineServer({
      clock,
      maxClients: MAX_CLIENTS,
      maxLineBytes: MAX_LINE_BYTES,
      silentMs: SILENT_MS,
      serve: (client) => converse(client, this.#tools()),
      onFault: (error) => observer.notice?.('error', `haproxy.socket: a fault of ours: ${error.message}`),
    });
    const [mode, group] = admin === false ? [STANDARD_MODE, STANDARD_GROUP] : [admin.mode, admin.group];
    try {
      await server.start(path);
      const fault = await giveTo(path, mode, group);
      if (fault !== '') {
        observer.notice?.('info', `haproxy.socket: ${fault}: only the user of this process may open ${path}`);
      }
    } catch (error) {
      await server.close();
      throw await listenError(error, path);
    }
    this.#server = server;
    this.#path = path;
  }

  #tools(): CommandTools {
    const counts = () => {
      if (this.#counts === undefined) throw new CliError('This socket is being closed.');
      return this.#counts;
    };
    return {
      servers: this.#servers,
      operator: this.#options.operator,
      rows: () => this.#rows(counts()),
      facts: () => this.#facts(counts()),
    };
  }

  #rows(counts: HaproxyCounts): RowSources {
    const { services, clock, refresh, operator } = this.#options;
    refresh();
    return {
      services: services(),
      counts,
      clock,
      weight: (...of) => this.#servers.weight(...of),
      note: (service, node) => operator.note(service, node),
    };
  }

  #facts(counts: HaproxyCounts): ProcessFacts {
    const services = this.#options.services();
    const since = performance.eventLoopUtilization(this.#busy);
    this.#busy = performance.eventLoopUtilization();
    return {
      ...this.#options.process(),
      uptimeMs: this.#options.clock.now() - counts.startedAt,
      connections: services.reduce((sum, { traffic }) => sum + traffic.accepted, 0),
      connectionRate: counts.connections.now,
      mostConnectionRate: counts.connections.most,
      bytesOut: bytesOut(services),
      bytesOutRate: counts.bytesOut.now,
      listeners: services.reduce((sum, { bound }) => sum + bound.length, 0),
      idlePercent: Math.round(100 * (1 - since.utilization)),
    };
  }
}

async function listenError(error: unknown, path: string): Promise<ListenError> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const message = error instanceof Error ? error.message : String(error);
  const other = code === 'EADDRINUSE' ? await noSocketAt(path) : undefined;
  const why = other === undefined ? (FAILURES[code] ?? message) : `${other}: move it away, or name another path`;
  return new ListenError(code, `haproxy.socket ${path}: ${why}`, error);
}

const FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process answers there (HAProxy itself, or another chargehand?): name another path',
  // Node says this, too, where the folder is not there.
  EACCES: 'permission denied, or its folder does not exist: it must be there and writable for this process',
  ENOTDIR: 'its folder is not a folder: name another path',
  EROFS: 'its file system is read-only: name another path',
};
