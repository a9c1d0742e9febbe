// The features that run on each Smart Proxy: those that its services need, and the same on all nodes. A plugin that failed
// to start is simply missing from the list.

import { checkAnswer } from '../../health/expectation.ts';
import { answersTo, featuresOf, insteadOf, jsonOf, objectOf, wordOf } from '../answers.ts';
import { namesOf, sameQuestions } from '../compare.ts';
import { type Found, listed } from '../finding.ts';
import { roleOf } from '../questions.ts';
import type { Asked, Survey } from '../survey.ts';

export function features(survey: Survey): Found[] {
  return sameQuestions(answersTo(survey, 'features')).flatMap((list) => {
    const [first] = list;
    if (first === undefined) return [];
    const compared = roleOf(first.question.service, survey.config.profile) === 'smart-proxy';
    // A plain port of 2018 may have none of it, on all nodes alike.
    const wanted = compared || first.question.expect !== undefined || list.some((one) => featuresOf(one) !== undefined);
    return wanted ? list.flatMap((asked) => faultsOf(asked, list, compared)) : [];
  });
}

/** What the second list of features says besides, to those it trusts: which of them failed to start. */
export function failedFeatures(survey: Survey): Found[] {
  return answersTo(survey, 'settings').flatMap((asked): Found[] => {
    const failed = Object.entries(objectOf(jsonOf(asked)))
      .filter(([, feature]) => wordOf(objectOf(feature)['state']) === 'failed')
      .map(([name]) => wordOf(name));
    if (failed.length === 0) return [];
    return [{ ...fault(asked), what: `${listed(failed)} failed to start` }];
  });
}

function faultsOf(asked: Asked, all: readonly Asked[], compared: boolean): Found[] {
  const own = featuresOf(asked);
  if (own === undefined) return [{ ...fault(asked), what: `/features ${insteadOf(asked, 'a list of features')}` }];
  const { expect } = asked.question;
  const unmet = expect && asked.answer && checkAnswer(expect, asked.answer);
  const peers = compared ? all.filter((one) => featuresOf(one) !== undefined) : [asked];
  const having = (feature: string): readonly Asked[] => peers.filter((one) => featuresOf(one)?.includes(feature));
  const known = [...new Set(peers.flatMap((one) => featuresOf(one) ?? []))];
  // Who lacks what at least half have is named; of what only few have, those few.
  const isUsual = (feature: string): boolean => having(feature).length * 2 >= peers.length;
  const missing = known.filter((feature) => !own.includes(feature) && isUsual(feature));
  if (missing.length > 0) {
    const who = namesOf(having(missing[0] ?? ''));
    const what = `/features lacks ${listed(missing)}, which ${listed(who)} ${who.length > 1 ? 'have' : 'has'}`;
    return [{ ...fault(asked), what }];
  }
  if (unmet !== undefined) return [{ ...fault(asked), what: `/features: ${unmet.what}` }];
  const extra = own.filter((feature) => !isUsual(feature));
  if (extra.length === 0) return [];
  return [{ ...fault(asked), severity: 'warning', what: `/features has ${listed(extra)}, which most nodes lack` }];
}

function fault(asked: Asked): Omit<Found, 'what'> {
  return {
    check: 'features',
    severity: 'error',
    node: asked.node ?? null,
    about: [asked],
    why: 'a client that needs a feature fails whenever it is sent to a node without it',
    mend: `on ${asked.node}: journalctl -u foreman-proxy, /var/log/foreman-proxy/proxy.log; use the same foreman-installer options on all nodes, then Refresh it in Foreman`,
  };
}
