// The generation of given repositories on each node: what lags behind is named. A client that gets repomd.xml from one
// generation and packages from another gets a 404.

import { answersTo, insteadOf, statusOf, textOf } from '../answers.ts';
import { compare, namesOf, sameQuestions } from '../compare.ts';
import { type Found, listed } from '../finding.ts';
import { type Generation, generationOf } from '../repomd.ts';
import type { Asked, Survey } from '../survey.ts';

const WHY = 'a client that changes nodes finds metadata whose packages are not there (404)';

export function repositories(survey: Survey): Found[] {
  return sameQuestions(answersTo(survey, 'repository')).flatMap((list) => {
    // Who wants a client certificate has said nothing about the repository.
    const told = list.filter((asked) => statusOf(asked) !== 401 && statusOf(asked) !== 403);
    const there = told.filter((asked) => read(asked) !== undefined);
    const missing = told.filter((asked) => read(asked) === undefined);
    const [first] = told;
    if (first === undefined) return [];
    if (there.length === 0) return [nowhere(first, told)];
    return [
      ...missing.map(
        (asked): Found => ({
          ...fault(asked),
          severity: 'error',
          what: `${asked.question.path} ${insteadOf(asked, 'a repomd.xml')}`,
        }),
      ),
      ...lagging(there),
    ];
  });
}

/** Everyone who hasn't the newest; where nobody says which is newer, who differs from most. */
function lagging(list: readonly Asked[]): Found[] {
  const newest = Math.max(...list.map((asked) => read(asked)?.time ?? Number.NEGATIVE_INFINITY));
  const old = list.filter((asked) => (read(asked)?.time ?? Number.NEGATIVE_INFINITY) < newest);
  if (old.length > 0) {
    const ahead = list.filter((asked) => !old.includes(asked));
    const [one] = ahead;
    return old.map((asked) => ({
      ...fault(asked),
      what: `${asked.question.path} is of revision ${revision(asked)}, on ${listed(namesOf(ahead))} ${one && revision(one)}`,
    }));
  }
  const { usual, odd } = compare(list, (asked) => read(asked)?.id);
  const [first] = list;
  if (odd.length === 0 || first === undefined) return [];
  if (usual === undefined) {
    const what = `${first.question.path} is not the same on ${listed(namesOf(list))}`;
    return [{ ...fault(first), node: null, about: list, what }];
  }
  const others = listed(namesOf(usual.asked));
  return odd
    .flatMap(({ asked }) => asked)
    .map((asked) => ({ ...fault(asked), what: `${asked.question.path} lists other metadata than on ${others}` }));
}

function nowhere(first: Asked, about: readonly Asked[]): Found {
  return {
    ...fault(first),
    node: null,
    about,
    what: `no node has ${first.question.path}`,
    why: 'nothing can be compared',
    mend: 'write the path as it stands in the URL of the repository, from /pulp/content/ on, into doctor.repositories',
  };
}

function fault(asked: Asked): Omit<Found, 'what'> {
  const { node } = asked;
  return {
    check: 'repository',
    severity: 'warning',
    node: node ?? null,
    about: [asked],
    why: WHY,
    mend: `drain it while it synchronises: chargehand drain ${node} --service ${asked.question.service.name} --wait; hammer capsule content synchronize --name ${node}; chargehand ready ${node}`,
  };
}

function read(asked: Asked): Generation | undefined {
  return statusOf(asked) === 200 ? generationOf(textOf(asked)) : undefined;
}

function revision(asked: Asked): string {
  return read(asked)?.revision || 'none';
}
