// What an HTTP answer must be, and in words what it is instead. Pure.

import type { HealthConfig } from '../config/config.ts';
import { printable } from '../core/printable.ts';
import { checkJson } from './json-predicate.ts';

export interface AnswerToJudge {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  readonly whole: boolean;
}

/** Undefined: as expected. */
export function checkAnswer(
  expect: HealthConfig['expect'],
  answer: AnswerToJudge,
): { readonly code: 'status' | 'content'; readonly what: string } | undefined {
  const { status, body, whole } = answer;
  if (expect.status.length > 0 && !expect.status.includes(status)) {
    return { code: 'status', what: `${status}${redirect(answer)}, not ${expect.status.join(' or ')}` };
  }
  const what = checkContains(expect.contains, body, whole) ?? checkDocument(expect.json, body, whole);
  return what === undefined ? undefined : { code: 'content', what };
}

function redirect(answer: AnswerToJudge): string {
  const { location } = answer.headers;
  if (answer.status < 300 || answer.status > 399 || typeof location !== 'string') return '';
  return ` to ${printable(location, 80)} (redirects are not followed)`;
}

function checkContains(wanted: string | undefined, body: Buffer, whole: boolean): string | undefined {
  if (wanted === undefined || body.includes(wanted)) return undefined;
  const part = whole ? 'the answer' : 'the first 256 kB';
  return `${part} lacks ${printable(JSON.stringify(wanted), 60)}`;
}

function checkDocument(expected: HealthConfig['expect']['json'], body: Buffer, whole: boolean): string | undefined {
  const wanted = Object.entries(expected);
  if (wanted.length === 0) return undefined;
  if (!whole) return 'the answer is longer than 256 kB';
  let document: unknown;
  try {
    document = JSON.parse(body.toString('utf8'));
  } catch {
    return `the answer is not JSON: ${printable(JSON.stringify(body.toString('utf8', 0, 60)), 60)}`;
  }
  for (const [path, expectation] of wanted) {
    const what = checkJson(document, path, expectation);
    if (what !== undefined) return what;
  }
  return undefined;
}
