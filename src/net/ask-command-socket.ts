// One command to a Unix socket that answers in text and closes, such as HAProxy's: the whole answer, within bounds, or one
// line on why not. Reads no answer.

import { connect } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { printable } from '../core/printable.ts';
import { ChargehandError } from '../errors.ts';

const PATIENCE_MS = 10_000;
/** Some ten thousand servers, or as many sessions. */
const MOST_BYTES = 16 * 1024 * 1024;

export function askCommandSocket(path: string, command: string, clock: Clock): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = clock.after(PATIENCE_MS, () => fail(`gave no whole answer within ${PATIENCE_MS / 1000} s`));
    const fail = (why: string, cause?: unknown): void => {
      timer.cancel();
      socket.destroy();
      reject(new ChargehandError('no-answer', `${printable(path)} ${why}`, { side: 'client', cause }));
    };
    socket.on('error', (error: NodeJS.ErrnoException) => fail(reason(error), error));
    socket.on('data', (bytes: Buffer) => {
      chunks.push(bytes);
      length += bytes.length;
      if (length > MOST_BYTES) fail('gave an answer without an end');
    });
    socket.on('end', () => {
      timer.cancel();
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
    // Both halves stay open: who has ended is, to HAProxy, no longer there to be answered.
    socket.write(`${command}\n`);
  });
}

function reason({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'is no socket: the line "stats socket" of haproxy.cfg says where HAProxy has it';
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
      return 'is not answered: is HAProxy running?';
    case 'EACCES':
    case 'EPERM':
      return 'may not be asked: permission denied; use sudo';
    default:
      return `can't be asked: ${message}`;
  }
}
