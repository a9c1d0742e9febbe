// How a command is written down: one table entry with its options and what it does. Help, the man page, the completions
// and the command line itself are all made from these; none of them is known here.

import { ChargehandError } from '../errors.ts';
import type { Host } from './host.ts';

export interface Option {
  /** As commander reads them: `--wait`, `--within <duration>`, `--client <ip...>`. */
  readonly flags: string;
  readonly description: string;
  /** Its values are a list. Any other that takes one value is refused where it is given twice: one of them would be forgotten. */
  readonly repeatable?: true;
}

export interface Argument {
  /** Shown in capitals. */
  readonly name: string;
  readonly description: string;
}

/** What the user gave, after the command line was read. */
export interface Given {
  /** `-c`. */
  readonly config: string;
  /** Whether the user said `-c`, or it is the usual file. */
  readonly configNamed: boolean;
  /** One for each argument of the command. */
  readonly arguments: readonly string[];
  /** By long name in camel case: a string, true for a flag, a list for `<…...>` and what is repeatable; left out where not given. */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

export interface Command {
  readonly name: string;
  /** One line, no capital, no full stop. */
  readonly summary: string;
  /** More, for `help COMMAND` and the man page: paragraphs. */
  readonly details?: readonly string[];
  /** Command lines that work, with a word on each. */
  readonly examples?: readonly (readonly [command: string, what: string])[];
  /** All required. */
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** Answers the exit code. What it throws is told in one line for each problem. */
  run(given: Given, host: Host): Promise<number>;
}

/** The code of what a command throws for a command line that is wrong by itself, whatever runs: its exit code is 2. */
export const WRONG_USAGE = 'wrong-usage';

export function wrongUsage(message: string): ChargehandError {
  return new ChargehandError(WRONG_USAGE, message, { side: 'client' });
}

/** An option that is a text; undefined where not given. */
export function textOption(given: Given, name: string): string | undefined {
  const value = given.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** An option whose values are a list, each once; undefined where not given. */
export function listOption(given: Given, name: string): readonly string[] | undefined {
  const value = given.options[name];
  return Array.isArray(value) ? [...new Set<string>(value)] : undefined;
}

export function flagOption(given: Given, name: string): boolean {
  return given.options[name] === true;
}
