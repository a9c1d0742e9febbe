// What of an answer should be the same however it was reached: directly, or through the load balancer. Leaves out what
// changes from one moment to the next (free disk space, who is online).

import { checkAnswer } from '../health/expectation.ts';
import {
  certificatesOf,
  digest,
  featuresOf,
  jsonOf,
  listOf,
  objectOf,
  realmOf,
  statusOf,
  textOf,
  wordOf,
} from './answers.ts';
import type { QuestionId } from './questions.ts';
import { generationOf } from './repomd.ts';
import type { Asked } from './survey.ts';

const GISTS: Readonly<Record<QuestionId, (asked: Asked) => unknown>> = {
  connect: () => '',
  certificate: () => '',
  'ca-file': ({ answer }) => digest(answer?.body ?? Buffer.alloc(0)),
  pulp: (asked) => {
    const { versions, database_connection: database } = objectOf(jsonOf(asked));
    return [listOf(versions).map((one) => [objectOf(one)['component'], objectOf(one)['version']]), database];
  },
  registry: (asked) => realmOf(asked),
  features: (asked) => [...(featuresOf(asked) ?? [])].sort(),
  settings: () => '',
  version: (asked) => jsonOf(asked),
  'template-server': (asked) => wordOf(objectOf(jsonOf(asked))['templateServer']),
  puppetserver: (asked) => textOf(asked).trim().slice(0, 100),
  'puppet-ca': (asked) => certificatesOf(asked)?.trim(),
  repository: (asked) => generationOf(textOf(asked))?.id,
  health: ({ question, answer }) => question.expect && answer && checkAnswer(question.expect, answer) === undefined,
};

/** Equal for answers that say the same. */
export function gistOf(asked: Asked): string {
  return JSON.stringify([statusOf(asked), GISTS[asked.question.id](asked) ?? null]);
}
