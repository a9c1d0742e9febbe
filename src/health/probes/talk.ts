// One short talk over a bare line: connect, say one thing, listen until enough was heard, close. No streams, no promises
// for each step: a thousand health checks every few seconds must cost next to nothing.

import { DialError } from '../../errors.ts';
import type { GiveUpSignal } from './give-up.ts';
import type { Line, Network, ProbeTarget } from './probe.ts';

export type Talked =
  | { readonly how: 'unconnected'; readonly error: DialError }
  /** Everything was said, and enough was heard. */
  | { readonly how: 'heard' }
  /** The server sent its end before that. */
  | { readonly how: 'ended' }
  | { readonly how: 'broken'; readonly error: Error }
  | { readonly how: 'silent' };

/**
 * Resolves, never rejects, and only when the line is closed. `hear` gets what comes, as bytes that may be overwritten
 * after it, and says when it was enough; without it nothing is awaited, and the line ends with a reset.
 */
export function talk(
  network: Network,
  target: ProbeTarget,
  opening: Buffer | undefined,
  signal: GiveUpSignal,
  hear: ((bytes: Buffer) => boolean) | undefined,
): Promise<Talked> {
  return new Promise((resolve) => {
    let result: Talked | undefined;
    let line: Line | undefined;
    const end = (how: Talked): void => {
      if (result !== undefined) return;
      result = how;
      if (hear === undefined && how.how === 'heard') line?.reset();
      else line?.close();
    };
    let connected = false;
    const onAbort = (): void => {
      if (connected) end({ how: 'silent' });
      else line?.close();
    };
    line = network.open(target, {
      connected() {
        connected = true;
        if (signal.aborted) {
          end({ how: 'silent' });
          return;
        }
        if (opening !== undefined) line?.write(opening);
        if (hear === undefined) end({ how: 'heard' });
      },
      data(bytes) {
        if (result === undefined && hear?.(bytes) === true) end({ how: 'heard' });
      },
      ended: () => end({ how: 'ended' }),
      closed(error) {
        signal.removeEventListener('abort', onAbort);
        if (result !== undefined) resolve(result);
        else if (error instanceof DialError) resolve({ how: 'unconnected', error });
        else resolve({ how: 'broken', error: error ?? new Error('closed') });
      },
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
