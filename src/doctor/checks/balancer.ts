// What differs through the load balancer: it must give what one of the nodes gives, with that node's own certificate.

import { isUnheard } from '../asker.ts';
import { type Found, listed, services } from '../finding.ts';
import { gistOf } from '../gists.ts';
import type { Asked, Survey } from '../survey.ts';

export function balancer(survey: Survey): Found[] {
  const balanced = survey.balanced.filter((asked) => !isUnheard(asked));
  const dead = balanced.filter((asked) => asked.failure !== undefined && directly(survey, asked).some(isAnswered));
  if (dead.length > 1 && balanced.every(({ failure }) => failure !== undefined)) return [silent(dead)];
  const list = [...new Set(balanced.map(({ question }) => question.service.name))];
  return list.flatMap((service) => {
    const own = balanced.filter(({ question }) => question.service.name === service);
    const silence = dead.filter((asked) => own.includes(asked));
    if (silence.length > 0) return [silent(silence)];
    const strange = own.filter((asked) => isStrange(survey, asked));
    if (strange.length > 0) return [stranger(strange)];
    return own.filter((asked) => isOther(survey, asked)).map(other);
  });
}

function directly(survey: Survey, { question }: Asked): readonly Asked[] {
  return survey.direct.filter(
    (one) =>
      one.question.service === question.service &&
      one.question.id === question.id &&
      one.question.path === question.path,
  );
}

function isAnswered({ failure }: Asked): boolean {
  return failure === undefined;
}

/** The certificate is that of no node. */
function isStrange(survey: Survey, asked: Asked): boolean {
  const { certificate, question } = asked;
  const nodes = survey.direct.filter(
    (one) => one.question.service === question.service && one.certificate !== undefined,
  );
  if (certificate === undefined || nodes.length === 0) return false;
  return !nodes.some((one) => one.certificate?.fingerprint === certificate.fingerprint);
}

/** The answer is that of no node. */
function isOther(survey: Survey, asked: Asked): boolean {
  const nodes = directly(survey, asked).filter(({ answer }) => answer !== undefined);
  if (asked.answer === undefined || nodes.length === 0) return false;
  const gist = gistOf(asked);
  return !nodes.some((one) => gistOf(one) === gist);
}

function fault(about: readonly Asked[]): Pick<Found, 'check' | 'severity' | 'node' | 'about'> {
  return { check: 'balancer', severity: 'error', node: null, about };
}

function silent(about: readonly Asked[]): Found {
  const [first] = about;
  return {
    ...fault(about),
    what: `${listed(services(about))}: nodes answer, but not through the load balancer at ${first?.target}: ${first?.failure?.reason}`,
    why: 'clients get what the load balancer gives',
    mend: 'chargehand status; journalctl -u chargehand -e; firewall-cmd --list-all',
  };
}

function stranger(about: readonly Asked[]): Found {
  const [first] = about;
  const { subject, fingerprint } = first?.certificate ?? {};
  return {
    ...fault(about),
    what: `${listed(services(about))}: the certificate at ${first?.target} (${subject || fingerprint?.slice(0, 23)}) is that of no node`,
    why: 'something else answers there, or takes TLS apart: client certificates do not reach the nodes',
    mend: `ss -ltnp 'sport = :${first?.target.replace(/^.*:/, '')}' shows who listens; TLS must pass through untouched`,
  };
}

function other(asked: Asked): Found {
  const { question, target } = asked;
  return {
    ...fault([asked]),
    what: `${question.service.name}: ${question.method} ${question.path} is answered at ${target} as by no node`,
    why: 'clients are sent to something that the file does not know',
    mend: 'chargehand status, chargehand where 127.0.0.1: are its nodes those of the file? Then: chargehand reload',
  };
}
