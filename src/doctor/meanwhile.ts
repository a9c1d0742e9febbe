// What to do with a node until it is mended: out of the way where others take its place, and back afterwards. Elsewhere it
// stays, since whoever takes it out turns its clients away.

import type { ServiceConfig } from '../config/config.ts';
import { isRefused } from './answers.ts';
import { isUnheard } from './asker.ts';
import { listed } from './finding.ts';
import type { Asked, Survey } from './survey.ts';

export interface Trouble {
  readonly node: string;
  /** What shows it, of this node. */
  readonly about: readonly Asked[];
  /** The same of all nodes, where it is an answer: who gives it takes nobody's place. */
  readonly everywhere?: readonly Asked[];
  /** `maint`: of the whole node. `drain`: of the services that it shows in. */
  readonly order: 'maint' | 'drain';
}

/** Ends the advice; empty where the file has the node out already. */
export function meanwhile(survey: Survey, { node, about, everywhere = [], order }: Trouble): string {
  const services = [...new Set(about.map(({ question }) => question.service))];
  if (services.every((service) => !takesSessions(service, node))) return '';
  const alone = services.filter((service) => !isReplaced(survey, service, node, everywhere));
  const replaced = services.filter((service) => !alone.includes(service));
  if (replaced.length === 0 || (order === 'maint' && alone.length > 0)) {
    return `. Leave it ready meanwhile: nothing takes its place in ${listed(alone.map(({ name }) => name))}`;
  }
  const which = order === 'maint' ? node : [node, ...replaced.map(({ name }) => `--service ${name}`)].join(' ');
  return `. Meanwhile: chargehand ${order} ${which}; afterwards: chargehand ready ${which}`;
}

/** Whether another node of the service takes sessions and has answered everything. */
function isReplaced({ direct }: Survey, service: ServiceConfig, node: string, unwell: readonly Asked[]): boolean {
  if (service.balance.strategy === 'pinned') return false;
  return service.backends.some((other) => {
    if (other.node === node || !takesSessions(service, other.node)) return false;
    const asked = direct.filter((one) => one.node === other.node && one.question.service.name === service.name);
    // A client certificate that is refused is no fault of the node, nor is what could not be asked.
    const counted = asked.filter((one) => !isRefused(one) && !isUnheard(one));
    return counted.length > 0 && counted.every((one) => one.failure === undefined && !unwell.includes(one));
  });
}

/** By the file. */
function takesSessions({ backends }: ServiceConfig, node: string): boolean {
  return backends.some((backend) => backend.node === node && backend.admin === 'ready');
}
