// The Host header, checked against DNS rebinding: a page of somebody else's whose name was pointed at us is turned away,
// because its browser sends that name. Addresses can't be rebound, so all of them pass.

import { isAddress } from '../core/address.ts';

/** A test for a Host header. `names` are the names that are ours; `localhost` and every IP address pass as well. */
export function hostCheck(names: readonly string[]): (header: string | undefined) => boolean {
  const ours = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
  return (header) => {
    // Only HTTP/1.0 may leave it out (Node sees to that), and no browser does.
    if (header === undefined) return true;
    const host = header.replace(/:\d*$/, '').toLowerCase();
    const bracketed = /^\[(.*)\]$/.exec(host)?.[1];
    if (bracketed !== undefined) return isAddress(bracketed);
    return ours.has(host.replace(/\.$/, '')) || isAddress(host);
  };
}
