// One backend: a node as one service sees it. Health (observed) and admin state (wanted) are two fields; available is
// their conjunction and the one question a balancer may ask.

export type AdminState = 'ready' | 'drain' | 'maint';

/** What the configuration says of a backend. */
export interface BackendSpec {
  readonly node: string;
  /** Address or DNS name, as the file has it. */
  readonly host: string;
  /** The port on the node; undefined: the port that the client dialled (a range of ports). */
  readonly port: number | undefined;
  /** At least 1. */
  readonly weight: number;
  /** Used only when no other backend of the service is available. */
  readonly backup: boolean;
  readonly admin: AdminState;
}

/** What a balancer sees of a backend. */
export interface Candidate {
  readonly node: string;
  /** The share it takes now: its weight, or less while it starts slowly. Greater than 0. */
  readonly weight: number;
  /** Sessions that hold it now, those still dialling included. */
  readonly active: number;
}
