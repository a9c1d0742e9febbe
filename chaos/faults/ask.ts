// Asks a node directly, past the balancer, whether a fault has struck it. What is said is no talk, so it is in nobody's books.

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { NodeSetup } from '../node.ts';
import type { Fault } from './fault.ts';

/** How a node meets a client. */
type Manner = 'answers' | 'says nothing' | 'refuses' | 'lets a connect hang';

/** How long silence must last. A late machine can only make a fault look as if it had struck. */
const SILENCE_MS = 300;

const portOf = ({ ports }: NodeSetup, tls: boolean): number => ports.find((port) => port.tls === tls)?.port ?? 0;

function mannerOf(node: NodeSetup): Promise<Manner> {
  const socket = connect({ host: node.address, port: portOf(node, false) });
  return new Promise<Manner>((resolve) => {
    socket.once('connect', () => socket.write('GET / HTTP/1.1\r\n\r\n'));
    socket.once('data', () => resolve('answers'));
    socket.once('error', () => resolve('refuses'));
    const give = (): void => resolve(socket.connecting ? 'lets a connect hang' : 'says nothing');
    // What has come meanwhile is heard first, also by a process that was late itself.
    setTimeout(() => setImmediate(give), SILENCE_MS);
  }).finally(() => socket.destroy());
}

/** Whether a client would trust its certificate. */
function trusted(node: NodeSetup): Promise<boolean> {
  const socket = connectTls({
    host: node.address,
    port: portOf(node, true),
    ca: readFileSync(node.authority),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  return new Promise<boolean>((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket.authorized));
    socket.once('error', reject);
  }).finally(() => socket.destroy());
}

/** Struck is a node that meets clients in one of these ways. */
export function unlessIt(...manners: readonly Manner[]): NonNullable<Fault['missed']> {
  return async ({ world, node }) => {
    const manner = await mannerOf(world.node(node).setup);
    return manners.includes(manner) ? undefined : `asked directly, the node ${manner}`;
  };
}

/** Struck is a node whose certificate nobody trusts. */
export const unlessDistrusted: NonNullable<Fault['missed']> = async ({ world, node }) => {
  const { setup } = world.node(node);
  return trusted(setup).then(
    (good) => (good ? 'asked directly, the node has a good certificate' : undefined),
    (error: Error) => `asked directly for its certificate: ${error.message}`,
  );
};
