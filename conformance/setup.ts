// What a case asks of a load balancer, in nobody's language: each product's adapter says it in its own. Only what a case
// needs is here; what is left out is the product's default, or as DEFAULTS says where no default would suit all.

/** A machine behind the load balancer. */
export interface NodeSetup {
  /** `serving`: the case decides what it says · `refusing`: nobody listens · `silent`: no connect is answered. */
  readonly kind?: 'serving' | 'refusing' | 'silent';
  readonly weight?: number;
  /** Only for when the others are down. */
  readonly backup?: boolean;
  /** What its health check finds; only where the setup has `check`. */
  readonly ill?: boolean;
}

export interface Setup {
  /** In the order of the file. Default: one that serves, `a`. */
  readonly nodes?: Readonly<Record<string, NodeSetup>>;
  /** `source-map`: the client's address modulo the weights · `source`: consistent. `pinned`: the first node alone. */
  readonly balance?: 'roundrobin' | 'leastconn' | 'source' | 'source-map' | 'pinned';
  /** `next-node`: a failed dial goes to another node at once, also where that is not the product's default. */
  readonly failover?: 'default' | 'next-node';
  /** So many nodes are tried, with `next-node`; each product's default where left out. */
  readonly tries?: number;
  /** `pass`: a FIN is passed on as one, also where that is not the product's default. */
  readonly halfClose?: 'default' | 'pass';
  readonly connectMs?: number;
  readonly idleMs?: number;
  /** The same for one side, in a product that counts for each. */
  readonly clientIdleMs?: number;
  readonly nodeIdleMs?: number;
  /** The same for a session as a whole, in a product that has that beside those of its sides. */
  readonly tunnelMs?: number;
  /** The same, once one side has finished. */
  readonly halfClosedMs?: number;
  readonly queueMs?: number;
  /** Nothing is dialled before the client has said something; it has this long. */
  readonly waitForClientMs?: number;
  readonly maxSessions?: number;
  readonly maxPerNode?: number;
  /** How many may wait for a place on a node. */
  readonly queue?: number;
  readonly maxPerClient?: number;
  /** New sessions in a minute. */
  readonly ratePerClient?: number;
  /** Clients that may come in; everybody where left out. */
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  /** Peers that must send a PROXY header. */
  readonly proxyFrom?: readonly string[];
  /** How long these have for it. */
  readonly headerMs?: number;
  readonly proxyTo?: 'v1' | 'v2';
  /** Nodes are checked, by connects to a port of their own. */
  readonly check?: boolean;
  /** What becomes of the sessions of a node that goes down. */
  readonly onDown?: 'keep' | 'close';
  readonly allDown?: 'default' | 'refuse';
  /** The address that nodes are dialled from. */
  readonly sourceAddress?: string;
  /** A Unix socket instead of a port. */
  readonly unix?: boolean;
  /** An operator takes nodes out and in while it runs. */
  readonly operator?: boolean;
  /** How long a stop waits for sessions. */
  readonly stopWithinMs?: number;
}

export const DEFAULTS = { connectMs: 2000, idleMs: 60_000, queueMs: 30_000, checkMs: 300 } as const;

/** How long a session may stand still, for a product that knows no sides: the shortest of all. */
export function wholeIdleMs({ idleMs = DEFAULTS.idleMs, clientIdleMs, nodeIdleMs, tunnelMs }: Setup): number {
  return Math.min(idleMs, clientIdleMs ?? idleMs, nodeIdleMs ?? idleMs, tunnelMs ?? idleMs);
}

/** A node with the place it stands at. */
export interface NodePlace {
  /** The name that the case gave it. */
  readonly name: string;
  readonly setup: NodeSetup;
  readonly host: string;
  readonly port: number;
  /** Where its health check connects to. */
  readonly checkPort: number;
}

/** What an adapter configures: a listener and its nodes. */
export interface Service {
  /** A word of letters, digits and dashes; unique in its configuration. */
  readonly name: string;
  readonly listen: { readonly host: string; readonly port: number; readonly path: string | undefined };
  readonly setup: Setup;
  readonly nodes: readonly NodePlace[];
}

/** The name of a node over all services of a configuration. */
export const nodeId = (service: Service, node: string): string => `${service.name}-${node}`;
