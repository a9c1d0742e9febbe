// How many sessions the process may hold, from the descriptors it may hold. Node accepts and closes in silence once they
// run out, so it must never come to that. Pure.

/** A relayed session holds its client's socket and its backend's. */
const DESCRIPTORS_PER_SESSION = 2;
/** What Node itself, the log and a session that is being refused need. */
const BASE_RESERVE = 96;

export interface DescriptorNeeds {
  readonly listeners: number;
  /** Health checks that may run at once. */
  readonly probes: number;
  /** Connections to the read-only port and the sockets of control. */
  readonly control: number;
  /** What the relay holds beside its sessions' sockets: pipes. */
  readonly relay: number;
}

/** Sessions that `descriptors` carry after a reserve for everything else; at least 1. */
export function sessionLimit(descriptors: number, needs: DescriptorNeeds): number {
  const reserve = BASE_RESERVE + needs.listeners + needs.probes + needs.control + needs.relay;
  return Math.max(1, Math.floor((descriptors - reserve) / DESCRIPTORS_PER_SESSION));
}
