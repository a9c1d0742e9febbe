// `chargehand status`.

import { readOnlyClient } from '../control/admin-client.ts';
import type { StatusAnswer } from '../control/admin-status.ts';
import { systemClock } from '../core/clock.ts';
import { ChargehandError } from '../errors.ts';
import { type Command, flagOption, type Given, textOption, wrongUsage } from './command.ts';
import { EXIT, type Host } from './host.ts';
import { operatorClient, SOCKET_OPTION } from './operator-client.ts';
import { paintFor } from './paint.ts';
import { overwriting } from './screen.ts';
import { statusTable } from './status-table.ts';

const REFRESH_MS = 2000;

export const status: Command = {
  name: 'status',
  summary: 'show services, nodes, health, admin states, sessions and rates',
  details: [
    'A node that is down has the reason below it. An admin state that an operator set says so; all others are the ' +
      "file's. Rates are those of the last seconds.",
    'What --json prints keeps its names and types; its JSON Schema is config/status-schema.json.',
  ],
  examples: [
    ['chargehand status', 'how everything stands'],
    ['chargehand status --watch', 'the same, every two seconds until Ctrl-C'],
    ['chargehand status --http http://127.0.0.1:8404', 'by the read-only port, which needs no group'],
  ],
  options: [
    { flags: '--watch', description: 'show it again every two seconds' },
    { flags: '--json', description: 'print it as JSON; with --watch a line each time' },
    { flags: '--http <url>', description: "ask the read-only port (the file's http.listen) instead of the socket" },
    SOCKET_OPTION,
  ],
  async run(given, host) {
    const ask = await asker(given);
    if (flagOption(given, 'watch')) return await watch(ask, given, host);
    const answer = await ask();
    host.write(flagOption(given, 'json') ? json(answer, false) : table(answer, host));
    return EXIT.done;
  },
};

/** Until Ctrl-C, which is how one leaves it where it has a terminal; a second one doesn't wait for an answer. */
async function watch(ask: () => Promise<StatusAnswer>, given: Given, host: Host): Promise<number> {
  const { terminal, signals } = host;
  const asJson = flagOption(given, 'json');
  const inPlace = terminal.is && !asJson;
  const show = (text: string): void => host.write(inPlace ? overwriting(text, terminal) : text);
  const showAnswer = (answer: StatusAnswer): void => show(asJson ? json(answer, true) : table(answer, host));
  const left = new AbortController();
  const leave = (): void => {
    signals.off('SIGINT', leave);
    left.abort();
  };
  if (terminal.is) signals.on('SIGINT', leave);
  try {
    showAnswer(await ask());
    while (!left.signal.aborted && !host.abandoned()) {
      await pause(left.signal);
      if (left.signal.aborted) break;
      // It may be restarting: what is watched comes back.
      await ask().then(showAnswer, (error) => {
        const line = waiting(error);
        if (inPlace) show(line);
        else host.tell(`chargehand: ${line}`);
      });
    }
  } finally {
    signals.off('SIGINT', leave);
  }
  return EXIT.done;
}

async function asker(given: Given): Promise<() => Promise<StatusAnswer>> {
  const url = textOption(given, 'http');
  if (url !== undefined && textOption(given, 'socket') !== undefined) {
    throw wrongUsage('--http and --socket name two places to ask: give one');
  }
  const client = url === undefined ? await operatorClient(given) : readOnlyClient(url);
  const path = url === undefined ? '/v1/status' : '/status.json';
  return async () => (await client.ask('GET', path)) as StatusAnswer;
}

function table(answer: StatusAnswer, { terminal }: Host): string {
  return statusTable(answer, Math.max(80, terminal.columns), paintFor(terminal.color));
}

function json(answer: StatusAnswer, oneLine: boolean): string {
  return `${JSON.stringify(answer, null, oneLine ? undefined : 2)}\n`;
}

function waiting(error: unknown): string {
  if (!(error instanceof ChargehandError)) throw error;
  return `${error.message}\n`;
}

/** Resolves after a while, or when nobody wants to wait any more. */
function pause(left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      left.removeEventListener('abort', done);
      resolve();
    };
    const timer = systemClock.after(REFRESH_MS, done);
    left.addEventListener('abort', done);
  });
}
