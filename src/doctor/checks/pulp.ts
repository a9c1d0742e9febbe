// Pulp as its status page shows it: the database, who serves content and who synchronises it, and room on the disk. It
// answers 200 while all of that is gone.

import { checkAnswer } from '../../health/expectation.ts';
import { answersTo, insteadOf, jsonOf, listOf, objectOf } from '../answers.ts';
import type { Found } from '../finding.ts';
import { meanwhile } from '../meanwhile.ts';
import type { Asked, Survey } from '../survey.ts';

const LITTLE = 0.1;
const NEXT_TO_NOTHING = 0.02;

export function pulp(survey: Survey): Found[] {
  const answers = answersTo(survey, 'pulp');
  const broken = answers.filter((asked) => faultOf(asked) !== undefined);
  // One that only synchronises nothing still takes the place of one that serves nothing.
  const unwell = answers.filter((asked) => broken.includes(asked) || !hasWorkers(asked));
  return unwell.map((asked): Found => {
    const worst = faultOf(asked);
    const mend = mending(asked, worst === undefined ? unwell : broken, survey);
    if (worst !== undefined) {
      const why = 'yum and dnf on the clients that are sent to it fail';
      return { ...fault('pulp', asked), severity: 'error', what: worst, why, mend };
    }
    const why = 'it serves what it has, but synchronises nothing new: its clients fall behind';
    const what = 'no worker of Pulp is online';
    return { ...fault('pulp', asked), severity: 'warning', what, why, mend };
  });
}

export function disk(survey: Survey): Found[] {
  return answersTo(survey, 'pulp').flatMap((asked): Found[] => {
    const { total, free } = objectOf(objectOf(jsonOf(asked))['storage']);
    if (typeof total !== 'number' || typeof free !== 'number' || total <= 0 || free / total >= LITTLE) return [];
    const bad = free / total < NEXT_TO_NOTHING;
    return [
      {
        ...fault('disk', asked),
        severity: bad ? 'error' : 'warning',
        what: `${gigabytes(free)} GB of ${gigabytes(total)} GB are free for content`,
        why: 'a full disk ends its synchronisation half-way: clients find metadata without packages',
        mend: `on ${asked.node}: df -h /var/lib/pulp; then give it room, or reclaim space for this Smart Proxy in Foreman`,
      },
    ];
  });
}

function faultOf(asked: Asked): string | undefined {
  const document = jsonOf(asked);
  if (document === undefined) return `${asked.question.path} ${insteadOf(asked, 'a status')}`;
  const status = objectOf(document);
  if (objectOf(status['database_connection'])['connected'] !== true) return 'Pulp has no connection to its database';
  if (listOf(status['online_content_apps']).length === 0) return 'no content app of Pulp is online';
  const { expect } = asked.question;
  return expect && asked.answer && checkAnswer(expect, asked.answer)?.what;
}

function hasWorkers(asked: Asked): boolean {
  return listOf(objectOf(jsonOf(asked))['online_workers']).length > 0;
}

function fault(check: 'pulp' | 'disk', asked: Asked): Pick<Found, 'check' | 'node' | 'about'> {
  return { check, node: asked.node ?? null, about: [asked] };
}

function mending(asked: Asked, everywhere: readonly Asked[], survey: Survey): string {
  const { node = '' } = asked;
  const until = meanwhile(survey, { node, about: [asked], everywhere, order: 'drain' });
  return `on ${node}: systemctl status 'pulpcore*' postgresql; journalctl -u 'pulpcore*'${until}`;
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0);
}
