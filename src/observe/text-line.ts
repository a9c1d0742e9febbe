// A JSON log line as one readable line, for people at a terminal. It adds nothing and leaves nothing out but the level's
// and the time's notation. Costs a parse per line: for terminals, not for the journal.

import { prettyFactory } from 'pino-pretty';
import { printable } from '../core/printable.ts';
import { type SessionFields, sessionText } from './session-line.ts';

/** Longer than any line of ours; a guard, not a layout. */
const MAX_LINE = 4000;

/** `short`: the time of day only. */
export function textFormatter(options: { readonly color: boolean; readonly short: boolean }): (line: string) => string {
  return prettyFactory({
    colorize: options.color,
    translateTime: options.short ? 'SYS:HH:MM:ss.l' : 'SYS:yyyy-mm-dd HH:MM:ss.l o',
    hideObject: true,
    messageFormat: (log) =>
      printable(log['msg'] === 'session' ? sessionText(asFields(log)) : messageText(log), MAX_LINE),
  });
}

// The line was written by log.ts a moment ago out of SessionFields: its shape is known.
function asFields(log: Record<string, unknown>): SessionFields {
  return log as unknown as SessionFields;
}

const OWN_KEYS: ReadonlySet<string> = new Set(['level', 'time', 'msg']);

function messageText(log: Record<string, unknown>): string {
  const rest = Object.entries(log)
    .filter(([key]) => !OWN_KEYS.has(key))
    .map(([key, value]) => `${key}=${valueText(value)}`);
  const message = String(log['msg'] ?? '');
  return rest.length === 0 ? message : `${message}: ${rest.join(' ')}`;
}

function valueText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
