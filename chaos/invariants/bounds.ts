import type { Invariant, Sample } from '../account.ts';
import { groupBy } from '../group.ts';

const MOST_RESIDENT = 400 * 1024 * 1024;
/** Health checks that are under way at the moment of the look. */
const MORE_SOCKETS = 4;
/** Pipes of the native relay, two descriptors each, and what Node opens when it first needs it. */
const MORE_OTHERS = 2 * 256 + 16;
/** Looks at the beginning and at the end of a process. */
const LOOKS = 5;

/** Memory and handles are bounded. */
export const BOUNDS: Invariant = {
  name: 'bounds',
  promise: 'memory stays within bounds, and every descriptor of a session is given back',
  check: ({ samples }) => {
    const lives = groupBy(samples, ({ pid }) => pid);
    const serving = samples.at(-1)?.pid;
    return [...lives].flatMap(([pid, looks]) => {
      const most = Math.max(...looks.map((look) => look.residentBytes));
      const found = most > MOST_RESIDENT ? [`process ${pid} held ${Math.round(most / 1e6)} MB`] : [];
      return pid === serving ? [...found, ...kept(looks)] : found;
    });
  },
};

function kept(looks: readonly Sample[]): string[] {
  if (looks.length < 2 * LOOKS) return [];
  const least = (some: readonly Sample[], what: 'sockets' | 'others') => Math.min(...some.map((look) => look[what]));
  const [first, last] = [looks.slice(0, LOOKS), looks.slice(-LOOKS)];
  const sockets = least(last, 'sockets') - least(first, 'sockets');
  const others = least(last, 'others') - least(first, 'others');
  return [
    ...(sockets > MORE_SOCKETS ? [`${sockets} sockets more than at the start are open although no session runs`] : []),
    ...(others > MORE_OTHERS ? [`${others} descriptors that are no sockets more than at the start`] : []),
  ];
}
