// A health check in HAProxy's words: the status of the last one, and the level between down and up. Says nothing of what
// follows from it.

import type { HealthConfig } from '../../config/config.ts';
import type { Health } from '../../core/health.ts';

/** In the order in which HAProxy's exporter lists them, with the words that go with each. */
export const CHECK_STATUSES = {
  HANA: 'Health analyze',
  SOCKERR: 'Socket error',
  L4OK: 'Layer4 check passed',
  L4TOUT: 'Layer4 timeout',
  L4CON: 'Layer4 connection problem',
  L6OK: 'Layer6 check passed',
  L6TOUT: 'Layer6 timeout',
  L6RSP: 'Layer6 invalid response',
  L7TOUT: 'Layer7 timeout',
  L7RSP: 'Layer7 invalid response',
  L7OK: 'Layer7 check passed',
  L7OKC: 'Layer7 check conditionally passed',
  L7STS: 'Layer7 wrong status',
  PROCERR: 'External check error',
  PROCTOUT: 'External check timeout',
  PROCOK: 'External check passed',
} as const;
export type CheckStatus = keyof typeof CHECK_STATUSES;

/** The numbers that `show servers state` has for them: this one's place in the list, and so many before it. */
const FIRST_NUMBER = 4;

export function checkNumber(status: CheckStatus | undefined): number {
  return status === undefined ? 1 : FIRST_NUMBER + Object.keys(CHECK_STATUSES).indexOf(status);
}

/** `failure`: the code of a probe's failure; undefined: it was good. */
export function checkStatus(type: HealthConfig['type'], failure: string | undefined): CheckStatus {
  const layer = type === 'tcp' ? 'L4' : type === 'tls' ? 'L6' : 'L7';
  switch (failure) {
    case undefined:
      return `${layer}OK`;
    case 'timeout':
      return 'L4TOUT';
    case 'late':
    case 'no-answer':
      return `${layer}TOUT`;
    case 'tls':
    case 'certificate':
      return 'L6RSP';
    case 'status':
      return 'L7STS';
    case 'protocol':
    case 'content':
      return 'L7RSP';
    case 'closed':
    case 'reset':
      return layer === 'L4' ? 'L4CON' : `${layer}RSP`;
    case 'no-descriptors':
    case 'no-local-port':
      return 'SOCKERR';
    default:
      return 'L4CON';
  }
}

/** The last check of one server, and how many in a row were like it. */
export class CheckReport {
  failure: string | undefined;
  seconds: number | undefined;
  failures = 0;
  #inARow = 0;

  add(seconds: number, failure: string | undefined): void {
    const alike = (failure === undefined) === (this.failure === undefined);
    this.#inARow = alike ? this.#inARow + 1 : 1;
    this.failure = failure;
    this.seconds = seconds;
    if (failure !== undefined) this.failures++;
  }

  /** HAProxy's level: from 0, all failed, to rise + fall − 1, all is well; up from `rise` on. */
  level(health: Health, { rise, fall }: HealthConfig): number {
    const against = (this.failure === undefined) !== (health === 'up') ? this.#inARow : 0;
    return health === 'up' ? rise + fall - 1 - Math.min(against, fall - 1) : Math.min(against, rise - 1);
  }
}
