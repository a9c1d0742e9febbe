// The ports of control: the read-only HTTP port, the operators' socket and HAProxy's. They are opened and closed together,
// and follow another file: where its HTTP port can't be had, that is known before anything else has changed.

import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import type { AdminServer } from './admin-server.ts';
import type { HaproxyFace } from './haproxy/haproxy-face.ts';
import type { PageServer } from './page-server.ts';

export interface ControlPortsOptions {
  /** undefined: the file wants none. */
  readonly admin: Pick<AdminServer, 'start' | 'close'> | undefined;
  readonly haproxy: Pick<HaproxyFace, 'start' | 'update' | 'close'>;
  /** Not started; undefined: the file wants none. */
  readonly createPage: (config: Config) => PageServer | undefined;
}

/** The ports of another file, bound; exactly one of the two is called. */
export interface PreparedPorts {
  /** They are the ones from now on. */
  commit(): Promise<void>;
  /** As it was before. */
  abandon(): Promise<void>;
}

export class ControlPorts {
  readonly #options: ControlPortsOptions;
  #config: Config;
  #page: PageServer | undefined;

  constructor(config: Config, options: ControlPortsOptions) {
    this.#config = config;
    this.#options = options;
  }

  /** Where the read-only port listens, `ip:port`; undefined: it does not. */
  get http(): string | undefined {
    return this.#page?.address;
  }

  /** Rejects with a ListenError that names what can't be had; `close` is still to be called then. */
  async open(): Promise<void> {
    this.#page = this.#options.createPage(this.#config);
    await this.#page?.start();
    await this.#options.admin?.start();
    await this.#options.haproxy.start(this.#config);
  }

  async close(): Promise<void> {
    await Promise.all([this.#page?.close(), this.#options.admin?.close(), this.#options.haproxy.close()]);
  }

  /** Binds what another file asks for. Rejects with a ListenError, and then all is as it was. */
  async prepare(next: Config): Promise<PreparedPorts> {
    const { http, name, haproxy } = this.#config;
    const finish = async () => {
      this.#config = next;
      if (!isDeepStrictEqual(haproxy, next.haproxy)) await this.#options.haproxy.update(next);
    };
    if (isDeepStrictEqual([http, name], [next.http, next.name])) return { commit: finish, abandon: async () => {} };

    const before = this.#page;
    const after = this.#options.createPage(next);
    // One port has room for one of them, whatever their addresses: the old one goes first and comes back if it must.
    const swaps = http !== false && next.http !== false && http.port === next.http.port;
    if (swaps) await before?.close();
    try {
      await after?.start();
    } catch (error) {
      if (swaps) await this.#reopen();
      throw error;
    }
    return {
      commit: async () => {
        if (!swaps) await before?.close();
        this.#page = after;
        await finish();
      },
      abandon: async () => {
        await after?.close();
        if (swaps) await this.#reopen();
      },
    };
  }

  async #reopen(): Promise<void> {
    this.#page = this.#options.createPage(this.#config);
    await this.#page?.start();
  }
}
