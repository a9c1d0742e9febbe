// The native relay as it is loaded: its functions (native/module.c) and where it is found. Refuses nothing and decides
// nothing; whether it works here is relay-choice.ts's question.

import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';

/** What `open` gives: memory that the relay's threads write and we read. */
export interface NativeShared {
  /** A double for each thread, which goes up with every turn of its loop. */
  readonly turns: ArrayBuffer;
  /** The numbers of ended sessions, for the length of one `ended`. */
  readonly ended: ArrayBuffer;
}

export interface NativeAddon {
  /** Starts the threads. `ended(n)`: n sessions have ended, their numbers stand in the shared memory. */
  open(threads: number, pipes: number, ended: (count: number) => void): NativeShared;
  /** Relays between duplicates of two descriptors from now on; the session's number, or a negative errno. */
  start(client: number, backend: number, bytesIn: number, bytesOut: number, halfClosedBy: number): number;
  /** 0: FIN to both. 1: FIN to the client, RST to the backend. 2: RST to both. */
  stop(session: number, how: number): void;
  /** Has TCP ask a backend that is silent for `seconds` whether it is there. */
  keepAlive(session: number, seconds: number): void;
  /** The memory of the sessions from `n * SLAB_SLOTS` on: SLOT_DOUBLES doubles each. */
  slab(n: number): ArrayBuffer;
  /** Has every thread make a turn. */
  wake(): void;
  /** Ends the threads and, without a word, all sessions. */
  close(): void;
}

export const SLAB_SLOTS = 1024;
export const SLOT_DOUBLES = 8;
/** Where in a slot what stands. */
export const SLOT = {
  bytesIn: 0,
  bytesOut: 1,
  moves: 2,
  lastFrom: 3,
  halfClosedBy: 4,
  firstByteMs: 5,
  outcome: 6,
} as const;

const FUNCTIONS = ['open', 'start', 'stop', 'keepAlive', 'slab', 'wake', 'close'] as const;
const BUILT_FOR = ['glibc', 'musl'] as const;
/** The package's folder, from src/net/ and from dist/src/net/. */
const ROOTS = ['../../', '../../../'] as const;

export type Loaded = { readonly addon: NativeAddon } | { readonly addon: undefined; readonly why: string };

/** `file`: this one and no other. */
export function loadNative(file?: string): Loaded {
  const require = createRequire(import.meta.url);
  const machine = `${platform()}-${arch()}`;
  const places =
    file === undefined
      ? ROOTS.flatMap((root) => BUILT_FOR.map((libc) => `${root}prebuilds/${machine}-${libc}/relay.node`))
      : [file];
  let why = `there is no ${machine} build of it (npm run build makes one where there is a C compiler)`;
  for (const place of places) {
    try {
      const addon: unknown = require(place);
      if (isAddon(addon)) return { addon };
      why = `${place} is another version of it`;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // Not every package has every build; one that is there and does not load says why.
      if (code !== 'MODULE_NOT_FOUND') why = message.split('\n')[0] ?? message;
    }
  }
  return { addon: undefined, why };
}

function isAddon(candidate: unknown): candidate is NativeAddon {
  if (typeof candidate !== 'object' || candidate === null) return false;
  return FUNCTIONS.every((name) => typeof (candidate as Record<string, unknown>)[name] === 'function');
}
