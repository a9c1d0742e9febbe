// What an adapter is: how a product is configured, started, operated and read. It knows nothing of the cases.

import type { ProductName } from '../case.ts';
import type { Service, Setup } from '../setup.ts';

/** Where a product may put its files; its path is short enough for Unix sockets. */
export interface Site {
  readonly folder: string;
  /** An address of its own, for ports beside the services'. */
  readonly host: string;
}

export interface Product {
  /** In the cases' tables. */
  readonly name: ProductName;
  /** In words; two adapters of one product differ in it. */
  readonly title: string;
  /** Why it can't run here; undefined: it can. */
  missing(): string | undefined;
  /** Its version as far as its behaviour goes: `2.6`. */
  version(): string;
  /** Why it has nothing that would do as this setup says; undefined: it has. */
  cannot(setup: Setup): string | undefined;
  /** Runs until `end`; all its ports are bound when this resolves. */
  start(site: Site, services: readonly Service[]): Promise<Running>;
}

/** A product that runs. */
export interface Running {
  /**
   * How the log tells the session of this client, in the product's own words; undefined: by no line. The client is
   * `ip:port`, an IPv6 address in brackets; one on a Unix socket has no name at all.
   */
  logOf(service: string, client: string): string | undefined;
  /** Everything that it wrote, for a case that failed. */
  output(): string;
  /** Resolves when it has said so of the node. */
  health(service: Service, node: string, state: 'up' | 'down'): Promise<void>;
  /** An operator's word about a node. */
  operate(service: Service, node: string, word: 'drain' | 'maint' | 'ready' | 'end-sessions'): Promise<void>;
  /** Takes a changed configuration, `broken`: with a line that is not valid. Resolves when no old one accepts any more. */
  reload(services: readonly Service[], broken?: boolean): Promise<'applied' | 'refused'>;
  /** Nothing of it runs from now on; what the kernel does for it goes on. */
  freeze(): void;
  /** It goes on. */
  thaw(): void;
  /** Asks it to stop when its sessions have ended. */
  stop(): void;
  /** Asks it to stop now. */
  kill(): void;
  /** `exit 0`, or the signal; once all its output was read. */
  readonly exited: Promise<string>;
  /** Ends it, whatever it does. */
  end(): Promise<void>;
}
