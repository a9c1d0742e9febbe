// One connection to HAProxy's socket: a line of commands is answered and the connection closed; after `prompt` it stays, and
// each answer ends with a prompt. Takes lines apart; what a command does is commands.ts's.

import { parseDuration } from '../../config/duration.ts';
import type { LineClient } from '../../net/line-server.ts';
import { CliError } from './cli-error.ts';
import { type CommandTools, help, runCommand } from './commands.ts';

const PROMPT = '> ';
const MOST_SILENT_MS = 24 * 3_600_000;

export async function converse(client: LineClient, tools: CommandTools): Promise<void> {
  let staying = false;
  for await (const line of client.lines()) {
    if (line === undefined) {
      await client.write('The line is too long.\n\n');
      return;
    }
    for (const words of commandsOf(line)) {
      const [first] = words;
      if (first === 'quit' || first === 'exit') return;
      if (first === 'prompt') staying = !staying;
      else if (!(staying && first === undefined) && !(await answer(words, client, tools))) return;
      if (!(await client.write(staying ? `\n${PROMPT}` : '\n'))) return;
    }
    if (!staying) return;
  }
}

/** The commands of a line, each as its words. `\;` and `\ ` are no ends. */
export function commandsOf(line: string): string[][] {
  const commands: string[][] = [];
  for (const command of line.split(/(?<!\\);/)) {
    const words = command.match(/(?:\\.|[^\s\\])+/g) ?? [];
    commands.push(words.map((word) => word.replaceAll(/\\(.)/g, '$1')));
  }
  return commands;
}

/** False: the client is gone. */
async function answer(words: readonly string[], client: LineClient, tools: CommandTools): Promise<boolean> {
  try {
    const pieces = reply(words, client, tools);
    for (const piece of typeof pieces === 'string' ? [pieces] : pieces) {
      if (piece !== '' && !(await client.write(piece))) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof CliError) return client.write(`${error.message}\n`);
    throw error;
  }
}

function reply(words: readonly string[], client: LineClient, tools: CommandTools) {
  if (words[0] === 'help') return help();
  if (words.slice(0, 3).join(' ') !== 'set timeout cli') return runCommand(words, tools);
  const ms = parseDelay(words[3] ?? '');
  if (ms === undefined || ms <= 0) throw new CliError("Invalid timeout: it is a delay such as '60s'.");
  client.silentMs = Math.min(ms, MOST_SILENT_MS);
  return '';
}

/** As HAProxy has it for this setting: a number alone is seconds, and there are days. */
function parseDelay(text: string): number | undefined {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  if (days !== undefined) return parseDuration(`${Number(days) * 24}h`);
  return parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
}
