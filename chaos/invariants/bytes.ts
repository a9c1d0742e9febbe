import type { Account, Invariant } from '../account.ts';

/** No byte is corrupted, lost, doubled or another session's. */
export const BYTES: Invariant = {
  name: 'bytes',
  promise: 'every byte arrives as it was sent, in its own session',
  check: ({ clients, nodes }: Account) => {
    const ofClients = clients.filter(({ outcome }) => outcome === 'wrong-bytes');
    const ofNodes = [...nodes].flatMap(([node, { ended }]) => ended.map((seen) => ({ node, ...seen })));
    return [
      ...ofClients.map(({ id, service, fault }) => `${id} ${service}: ${fault}`),
      ...ofNodes.filter(({ fault }) => fault !== '').map(({ node, id, fault }) => `${node}, of ${id}: ${fault}`),
    ];
  },
};
