// What could not be asked, and why: silence about it would read as "all is well".

import type { ServiceConfig } from '../config/config.ts';
import { answersTo, isRefused, statusOf } from './answers.ts';
import { isUnheard } from './asker.ts';
import { isServed, isTcp, localPlace } from './balancer-places.ts';
import { trusted } from './checks/certificates.ts';
import { namesOf, sameQuestions } from './compare.ts';
import { listed } from './finding.ts';
import { roleOf } from './questions.ts';
import type { Survey } from './survey.ts';

export interface NotAsked {
  readonly question: string;
  readonly why: string;
}

const CERTIFICATE = 'it wants a client certificate: --cert FILE --key FILE, one of the files that Foreman itself shows';

export function notAsked(survey: Survey): readonly NotAsked[] {
  return [...names(survey), ...unheard(survey), ...certified(survey), ...chains(survey), ...throughBalancer(survey)];
}

function names({ config }: Survey): NotAsked[] {
  if (config.name !== undefined) return [];
  const question = 'whether certificates, templates, registry and DNS carry the name that clients dial';
  return [{ question, why: 'the file has none: set name' }];
}

/** What went wrong here. */
function unheard({ direct }: Survey): NotAsked[] {
  return sameQuestions(direct.filter(isUnheard)).flatMap((list) => {
    const [first] = list;
    if (first === undefined) return [];
    const { service, path } = first.question;
    const question = `${service.name} ${path || 'TLS handshake'} on ${listed(namesOf(list))}`;
    return [{ question, why: first.failure?.reason ?? '' }];
  });
}

function certified(survey: Survey): NotAsked[] {
  const why = survey.certified ? 'the client certificate was refused; use one that the node trusts' : CERTIFICATE;
  const refused = [...answersTo(survey, 'settings'), ...answersTo(survey, 'repository')].filter(
    (asked) => statusOf(asked) === 401 || statusOf(asked) === 403,
  );
  const broken = survey.certified ? survey.direct.filter(isRefused) : [];
  return sameQuestions([...refused, ...broken]).flatMap((list) => {
    const [first] = list;
    if (first === undefined) return [];
    const { service, path, id } = first.question;
    const what = id === 'settings' ? ' (the registration URL, features that failed to start)' : '';
    return [{ question: `${service.name} ${path}${what} on ${listed(namesOf(list))}`, why }];
  });
}

function chains(survey: Survey): NotAsked[] {
  const shown = survey.direct.filter(({ certificate }) => certificate !== undefined);
  const roles = new Map(
    shown.map(({ question }) => [question.service.name, roleOf(question.service, survey.config.profile)]),
  );
  const katello = trusted(survey, 'ca-file').length > 0;
  const puppet = trusted(survey, 'puppet-ca').length > 0;
  return [...roles].flatMap(([service, role]) => {
    const question = `${service}: whether its certificates lead to the CA that clients trust`;
    if (role === 'own')
      return [{ question, why: 'the doctor knows no CA of it; health.ca makes the health check verify' }];
    if (role.startsWith('puppet'))
      return puppet ? [] : [{ question, why: 'no node showed the certificate of the Puppet CA' }];
    return katello ? [] : [{ question, why: 'no node gave /pub/katello-server-ca.crt' }];
  });
}

function throughBalancer({ balancer, balanced, config }: Survey): NotAsked[] {
  if (balancer === 'nowhere' && config.services.some((one) => isServed(one) && localPlace(one) !== undefined)) {
    const why = 'nothing listens on its ports here, and its name leads to no other machine: is chargehand running?';
    return [{ question: 'anything through the load balancer', why }];
  }
  const asked = new Set(balanced.map(({ question }) => question.service.name));
  return config.services
    .filter(({ name }) => !asked.has(name))
    .map((service) => ({ question: `${service.name} through the load balancer`, why: whyNot(service) }));
}

function whyNot(service: ServiceConfig): string {
  if (!service.listen.some(isTcp)) return 'it listens on no TCP port that the file names';
  if (!isServed(service)) return 'none of its nodes is ready';
  if (localPlace(service) === undefined) return 'its allow or deny does not let this machine in';
  return 'its health check asks another port, which is not behind it';
}
