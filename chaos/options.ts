// What `npm run test:chaos` and `npm run test:soak` are told. What they can't do ends them with exit code 2.

import { parseArgs } from 'node:util';

const USAGE = `use: npm run test:chaos -- [--minutes N] [--jobs N] [--from SEED] [--seed SEED] [--verbose] [--write]
  --minutes  begin no episode after so many (6)
  --jobs     episodes at once (1)
  --from     the first seed; the others follow one by one (1); random: any
  --seed     this episode alone, with what it does while it does it
  --verbose  a line for each episode, not only for those that failed
  --write    the figures of docs/reliability.md anew`;

export interface Options {
  readonly minutes: number;
  readonly jobs: number;
  readonly from: number;
  readonly seed: number | undefined;
  readonly verbose: boolean;
  readonly write: boolean;
}

const SOAK_USAGE = `use: npm run test:soak -- [--minutes N] [--relay native|net] [--write]
  --minutes  how long (5)
  --write    the figures and the plot of docs/reliability.md anew`;

export interface SoakOptions {
  readonly minutes: number;
  readonly relay: 'native' | 'net';
  readonly write: boolean;
}

export function readOptions(args: readonly string[]): Options {
  return orUsage(USAGE, () => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '6' },
        jobs: { type: 'string', default: '1' },
        from: { type: 'string', default: '1' },
        seed: { type: 'string' },
        verbose: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
      },
    });
    const { minutes, jobs, from, seed, verbose, write } = values;
    const first = from === 'random' ? Math.floor(Math.random() * 2 ** 31) : whole('from', from);
    return {
      minutes: positive('minutes', minutes),
      jobs: positive('jobs', jobs),
      from: first,
      seed: seed === undefined ? undefined : whole('seed', seed),
      verbose,
      write,
    };
  });
}

export function readSoakOptions(args: readonly string[]): SoakOptions {
  return orUsage(SOAK_USAGE, () => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '5' },
        relay: { type: 'string', default: 'native' },
        write: { type: 'boolean', default: false },
      },
    });
    const { relay } = values;
    if (relay !== 'native' && relay !== 'net') throw new Error(`--relay ${relay}: native or net`);
    return { minutes: positive('minutes', values.minutes), relay, write: values.write };
  });
}

function orUsage<T>(usage: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

function positive(name: string, text: string): number {
  const number = whole(name, text);
  if (number === 0) throw new Error(`--${name} 0: 1 or more`);
  return number;
}

function whole(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name} ${text}: not a whole number`);
  return Number(text);
}
