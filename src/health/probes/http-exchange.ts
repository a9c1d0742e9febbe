// One HTTP/1.1 request and its answer: over a bare line, or over a stream that is secured. No redirects, no second
// request, no judgement.

import type { Duplex } from 'node:stream';
import type { GiveUpSignal } from './give-up.ts';
import { AnswerReader, type HttpAnswer, HttpFault } from './http-answer.ts';
import type { Network, ProbeRun, ProbeTarget } from './probe.ts';
import { type Talked, talk } from './talk.ts';

export interface HttpQuestion {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Exchange =
  | { readonly how: 'answered'; readonly answer: HttpAnswer }
  | { readonly how: 'broken'; readonly error: Error }
  | { readonly how: 'silent' };

/** A whole request, head and no body. */
export function requestBytes(question: HttpQuestion): Buffer {
  const { method, path, headers } = question;
  const standard: Record<string, string> = { 'user-agent': 'chargehand', accept: '*/*', connection: 'close' };
  // Who may send a body says that there is none.
  if (!/^(GET|HEAD|OPTIONS|DELETE|TRACE)$/.test(method)) standard['content-length'] = '0';
  for (const name of Object.keys(headers)) delete standard[name.toLowerCase()];
  const lines = Object.entries({ ...standard, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
}

/** Over a line of its own, which is closed when it resolves. `opening`: everything to send. */
export async function exchangeOnLine(
  network: Network,
  target: ProbeTarget,
  opening: Buffer,
  method: string,
  run: ProbeRun,
): Promise<Exchange | Extract<Talked, { how: 'unconnected' }>> {
  const reader = new AnswerReader(method);
  const talked = await talk(network, target, opening, run.signal, (bytes) => reader.hear(bytes));
  switch (talked.how) {
    case 'heard':
    case 'ended':
      return exchangeOf(reader.answer(talked.how === 'ended'));
    default:
      return talked;
  }
}

/** Over a secured stream, which stays the caller's to close. */
export function exchange(socket: Duplex, opening: Buffer, method: string, signal: GiveUpSignal): Promise<Exchange> {
  const reader = new AnswerReader(method);
  return new Promise((resolve) => {
    const settle = (result: Exchange): void => {
      socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onEnd);
      signal.removeEventListener('abort', onAbort);
      socket.on('error', () => {});
      resolve(result);
    };
    const onData = (bytes: Buffer): void => {
      if (reader.hear(bytes)) settle(exchangeOf(reader.answer(false)));
    };
    const onEnd = (): void => settle(exchangeOf(reader.answer(true)));
    const onError = (error: Error): void => settle({ how: 'broken', error });
    const onAbort = (): void => settle({ how: 'silent' });
    socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onEnd);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    socket.write(opening);
  });
}

function exchangeOf(answer: HttpAnswer | HttpFault): Exchange {
  return answer instanceof HttpFault ? { how: 'broken', error: answer } : { how: 'answered', answer };
}
