// The process from before an upgrade, as the one sees it that took over.

import type { Clock } from '../core/clock.ts';
import type { Log } from '../observe/log.ts';

export interface Predecessor {
  readonly pid: number;
  /** Whether it still finishes sessions. */
  runs(): boolean;
  /** Tells it that every port is ours; what only one process can have is ours when this resolves. */
  letsGo(): Promise<void>;
}

export interface Waiting {
  /** Resolves when nobody is to wait any longer. */
  readonly hurry: Promise<void>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'notice'>;
}

const LOOK_EVERY_MS = 100;

/**
 * Resolves when it has ended, which it does by a deadline of its own. A stop waits for that: once the main process of a
 * service is gone, systemd kills what is left of it, with the sessions.
 */
export async function predecessorGone(predecessor: Predecessor | undefined, waiting: Waiting): Promise<void> {
  if (predecessor?.runs() !== true) return;
  const { hurry, clock, log } = waiting;
  log.notice('info', 'the process before still lets its sessions finish', { pid: predecessor.pid });
  await new Promise<void>((resolve) => {
    const looking = clock.every(LOOK_EVERY_MS, () => {
      if (!predecessor.runs()) done();
    });
    const done = (): void => {
      looking.cancel();
      resolve();
    };
    void hurry.then(done);
  });
}
