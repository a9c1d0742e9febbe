// The CA certificate that clients fetch from the group: there on every node, and the same bytes.

import { answersTo, certificatesOf, digest, insteadOf } from '../answers.ts';
import { compare, namesOf } from '../compare.ts';
import { type Found, listed } from '../finding.ts';
import type { Asked, Survey } from '../survey.ts';

const PATH = '/pub/katello-server-ca.crt';
const WHY = 'a client that fetched its CA certificate from one node refuses the other';

export function caFile(survey: Survey): Found[] {
  const answers = answersTo(survey, 'ca-file');
  const missing = byNode(answers.filter((asked) => certificatesOf(asked) === undefined));
  const { usual, odd } = compare(
    answers.filter((asked) => certificatesOf(asked) !== undefined),
    ({ answer }) => digest(answer?.body ?? Buffer.alloc(0)),
  );
  return [
    ...missing.map((about): Found => {
      const [first] = about;
      return {
        check: 'ca-file',
        severity: 'error',
        node: first?.node ?? null,
        about,
        what: first === undefined ? '' : `${PATH} ${insteadOf(first, 'a PEM certificate')}`,
        why: 'a client that is to be registered fetches the CA certificate from it, and then trusts nothing',
        mend: `run the installer on ${first?.node} again (foreman-installer --scenario foreman-proxy-content)`,
      };
    }),
    ...(usual === undefined
      ? odd.slice(0, 1).map((): Found => {
          const about = odd.flatMap(({ asked }) => asked);
          return { ...differs(null, about), what: `${PATH} is not the same on ${listed(namesOf(about))}` };
        })
      : odd.flatMap(({ asked }) =>
          byNode(asked).map((about): Found => {
            const node = about[0]?.node;
            // It may differ on one of its services only, and be usual on the other.
            const others = listed(namesOf(usual.asked.filter((one) => one.node !== node)));
            return { ...differs(node ?? null, about), what: `${PATH} has other bytes than on ${others}` };
          }),
        )),
  ];
}

function differs(node: string | null, about: readonly Asked[]): Omit<Found, 'what'> {
  const mend = `compare with sha256sum /var/www/html${PATH} on each node; make new certificates for the odd one with foreman-proxy-certs-generate on the Foreman server`;
  return { check: 'ca-file', severity: 'error', node, about, why: WHY, mend };
}

/** It is asked by http and by https: one node, one finding. */
function byNode(asked: readonly Asked[]): Asked[][] {
  const nodes = new Map<string | undefined, Asked[]>();
  for (const one of asked) nodes.set(one.node, [...(nodes.get(one.node) ?? []), one]);
  return [...nodes.values()];
}
