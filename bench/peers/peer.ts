// What a peer of the comparison is: plain data on how to start it. Starting, measuring and stopping are the bench's.

/** Where a peer is to stand. */
export interface Site {
  /** A scratch folder of its own. */
  readonly folder: string;
  /** Ports on 127.0.0.1 to listen on: one a service. All services go to the same nodes. */
  readonly ports: readonly number[];
  /** One more port on 127.0.0.1, for pages of its own. */
  readonly extraPort: number;
  /** The addresses of the nodes. */
  readonly nodes: readonly string[];
  readonly nodePort: number;
  /** The Node binary for peers that run on it, and arguments for it. */
  readonly node: readonly string[];
  /** Sessions that it must be able to hold at once. */
  readonly maxSessions: number;
}

export interface Launch {
  /** Files to write first: path to text. */
  readonly files: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

export interface Peer {
  /** As `--peers` takes it. */
  readonly name: string;
  /** As a table's head shows it. */
  readonly title: string;
  /** The settings that matter, in a few words. */
  readonly settings: string;
  /** Why it can't run here; undefined: it can. */
  missing(): string | undefined;
  /** undefined: no process, the load dials the nodes itself. */
  launch(site: Site): Launch | undefined;
}
