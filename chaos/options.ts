// What `npm run test:chaos` is told.

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

export function readOptions(args: readonly string[]): Options {
  try {
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
      minutes: whole('minutes', minutes),
      jobs: whole('jobs', jobs),
      from: first,
      seed: seed === undefined ? undefined : whole('seed', seed),
      verbose,
      write,
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
}

function whole(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new Error(`--${name} ${text}: not a whole number`);
  return Number(text);
}
