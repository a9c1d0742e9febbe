// How long the CA certificates are good that clients trust: with them goes everything that they signed, however long it
// says it is good itself.

import { answersTo, certificatesOf } from '../answers.ts';
import type { Found } from '../finding.ts';
import type { QuestionId } from '../questions.ts';
import type { Survey } from '../survey.ts';
import { day, lastOf, left, SOON_MS, trusted } from './certificates.ts';

interface Trust {
  readonly from: QuestionId;
  readonly whose: (name: string) => string;
  readonly mend: string;
}

const TRUSTS: readonly Trust[] = [
  {
    from: 'ca-file',
    whose: (name) => `the CA certificate ${name} of /pub/katello-server-ca.crt`,
    mend: 'on the Foreman server: renew the CA, then the certificate of each node; bring the new CA certificate to the hosts',
  },
  {
    from: 'puppet-ca',
    whose: (name) => `the certificate ${name} of the Puppet CA`,
    mend: 'on the CA node: renew it with the key that it has (the Puppet module ca_extend does that); bring it to all nodes and hosts',
  },
];

export function authorityExpiry(survey: Survey): Found[] {
  const { now } = survey;
  return TRUSTS.flatMap(({ from, whose, mend }): Found[] => {
    const last = lastOf(trusted(survey, from));
    if (last === undefined || last.notAfter - now >= SOON_MS) return [];
    const over = last.notAfter < now;
    const about = answersTo(survey, from).filter((asked) => certificatesOf(asked) !== undefined);
    return [
      {
        check: 'certificate-expiry',
        severity: over ? 'error' : 'warning',
        node: null,
        about,
        what: `${whose(last.subject)} ${over ? `expired on ${day(last.notAfter)}` : left(last.notAfter, now)}`,
        why: `${over ? 'clients refuse' : 'from that day on clients refuse'} every certificate that it signed`,
        mend,
      },
    ];
  });
}
