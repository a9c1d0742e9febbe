// The same versions on all nodes: of the Smart Proxy and its modules, of Pulp and its components.

import { answersTo, insteadOf, jsonOf, listOf, objectOf, wordOf } from '../answers.ts';
import { compare, namesOf, sameQuestions } from '../compare.ts';
import { type Found, listed } from '../finding.ts';
import type { Asked, Survey } from '../survey.ts';

const WHY =
  'nodes of different versions answer the same client differently; more than the time of an upgrade is too long';

/** Name → version. */
type Versions = ReadonlyMap<string, string>;

export function version(survey: Survey): Found[] {
  const answers = answersTo(survey, 'version');
  const bad = answers.filter((asked) => smartProxyVersions(asked).size === 0);
  return [
    ...bad.map(
      (asked): Found => ({
        ...fault('version', asked),
        severity: 'error',
        what: `/version ${insteadOf(asked, 'a version')}`,
      }),
    ),
    ...compared('version', answers, smartProxyVersions),
  ];
}

export function pulpVersion(survey: Survey): Found[] {
  return compared('pulp-version', answersTo(survey, 'pulp'), pulpVersions);
}

function smartProxyVersions(asked: Asked): Versions {
  const document = objectOf(jsonOf(asked));
  const own = wordOf(document['version']);
  if (own === '') return new Map();
  const modules = Object.entries(objectOf(document['modules'])).map(
    ([name, value]) => [wordOf(name), wordOf(value)] as const,
  );
  return new Map([['Smart Proxy', own], ...modules]);
}

function pulpVersions(asked: Asked): Versions {
  const versions = listOf(objectOf(jsonOf(asked))['versions']).map(objectOf);
  return new Map(versions.map((one) => [`pulp ${wordOf(one['component'])}`, wordOf(one['version'])]));
}

/** One finding for each node that differs, whatever the number of its modules that do. */
function compared(
  check: 'version' | 'pulp-version',
  answers: readonly Asked[],
  read: (asked: Asked) => Versions,
): Found[] {
  return sameQuestions(answers).flatMap((list) => {
    const names = [...new Set(list.flatMap((asked) => [...read(asked).keys()]))];
    const differences = new Map<Asked, string[]>();
    const undecided: string[] = [];
    for (const name of names) {
      // What a node doesn't have at all is a matter of features.
      const { usual, odd } = compare(list, (asked) => read(asked).get(name));
      if (usual === undefined && odd.length > 0) {
        undecided.push(`${name} is ${listed(odd.map(({ gist, asked }) => `${gist} on ${listed(namesOf(asked))}`))}`);
      }
      if (usual === undefined) continue;
      for (const { gist, asked } of odd) {
        for (const one of asked)
          differences.set(one, [...(differences.get(one) ?? []), `${name} is ${gist}, elsewhere ${usual.gist}`]);
      }
    }
    const [first] = list;
    return [
      ...[...differences].map(([asked, words]): Found => ({ ...fault(check, asked), what: some(words) })),
      ...(undecided.length === 0 || first === undefined
        ? []
        : [{ ...fault(check, first), node: null, about: list, what: some(undecided) }]),
    ];
  });
}

function some(words: readonly string[]): string {
  const more = words.length > 3 ? ` (and ${words.length - 3} more)` : '';
  return `${words.slice(0, 3).join('; ')}${more}`;
}

function fault(check: 'version' | 'pulp-version', asked: Asked): Omit<Found, 'what'> {
  return {
    check,
    severity: 'warning',
    node: asked.node ?? null,
    about: [asked],
    why: WHY,
    mend: 'upgrade the nodes one after the other: chargehand drain NODE --wait, dnf upgrade and foreman-installer on it, chargehand ready NODE',
  };
}
