// Services that are no Smart Proxy's: what their own health check would say of each node's answer.

import { checkAnswer } from '../../health/expectation.ts';
import { answersTo } from '../answers.ts';
import type { Found } from '../finding.ts';
import type { Survey } from '../survey.ts';

export function ownServices(survey: Survey): Found[] {
  return answersTo(survey, 'health').flatMap((asked): Found[] => {
    const { question, answer, node } = asked;
    const fault = question.expect && answer && checkAnswer(question.expect, answer);
    if (fault === undefined) return [];
    return [
      {
        check: 'health',
        severity: 'error',
        node: node ?? null,
        about: [asked],
        what: `${question.method} ${question.path}: ${fault.what}`,
        why: 'its health check fails: no client is sent to it while another node is well',
        mend: `on ${node}: look at what serves ${asked.target}; or mend services.${question.service.name}.health.expect`,
      },
    ];
  });
}
