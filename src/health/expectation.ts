// What an HTTP answer must be, and in words what it is instead. Pure.

import type { HealthConfig } from '../config/config.ts';
import { printable } from '../core/printable.ts';
import { checkJson } from './json-predicate.ts';

export interface AnswerToJudge {
  readonly status: number;
  /** Names in lower case; those of the same name in one text. */
  readonly headers: ReadonlyMap<string, string>;
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
  const what =
    checkHeaders(expect.headers, answer.headers) ??
    checkContains(expect.contains, body, whole) ??
    checkDocument(expect.json, body, whole);
  return what === undefined ? undefined : { code: 'content', what };
}

function redirect(answer: AnswerToJudge): string {
  const location = answer.headers.get('location');
  if (answer.status < 300 || answer.status > 399 || location === undefined) return '';
  return ` to ${printable(location, 80)} (redirects are not followed)`;
}

function checkHeaders(
  wanted: HealthConfig['expect']['headers'],
  headers: AnswerToJudge['headers'],
): string | undefined {
  for (const [name, text] of Object.entries(wanted)) {
    const value = headers.get(name);
    if (value === undefined) return `there is no header ${name}`;
    if (!value.includes(text)) {
      return `${name} is ${printable(JSON.stringify(value), 80)}, without ${printable(JSON.stringify(text), 60)}`;
    }
  }
  return undefined;
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
