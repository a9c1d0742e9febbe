// What an answer says, read carefully: it comes from outside, and may be anything. Nothing here throws.

import { createHash } from 'node:crypto';
import { printable } from '../core/printable.ts';
import { parseCertificates } from '../health/probes/inspected-certificate.ts';
import type { QuestionId } from './questions.ts';
import type { Asked, Survey } from './survey.ts';

type Json = Readonly<Record<string, unknown>>;

export function statusOf(asked: Asked): number {
  return asked.answer?.status ?? 0;
}

export function textOf(asked: Asked): string {
  return asked.answer?.body.toString('utf8') ?? '';
}

const BROKEN_OFF: ReadonlySet<string> = new Set(['tls', 'closed', 'reset']);

/** Broken off where a client certificate was shown: that is what the server refuses. */
export function isRefused({ question, failure }: Asked): boolean {
  return question.certified && failure?.stage === 'answer' && BROKEN_OFF.has(failure.code);
}

/** The document of a 200; undefined: another status, cut off, or no JSON. */
export function jsonOf(asked: Asked): unknown {
  if (asked.answer?.status !== 200 || !asked.answer.whole) return undefined;
  try {
    return JSON.parse(textOf(asked));
  } catch {
    return undefined;
  }
}

export function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text, made printable; empty: it is none. */
export function wordOf(value: unknown): string {
  return typeof value === 'string' ? printable(value, 100) : '';
}

/** The features of a /features; undefined: it is no such list. */
export function featuresOf(asked: Asked): readonly string[] | undefined {
  const list = jsonOf(asked);
  return Array.isArray(list) ? list.map(wordOf).filter((word) => word !== '') : undefined;
}

/** The host and port in a URL; undefined: it is none. */
export function placeIn(url: unknown): { readonly host: string; readonly port: number } | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname.toLowerCase(), port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) };
}

/** Where a registry sends for a token; undefined: it names nothing. */
export function realmOf(asked: Asked): string | undefined {
  return /\brealm="([^"]*)"/i.exec(asked.answer?.headers.get('www-authenticate') ?? '')?.[1];
}

/** The PEM text of a 200 that holds at least one certificate. */
export function certificatesOf(asked: Asked): string | undefined {
  if (statusOf(asked) !== 200) return undefined;
  const text = textOf(asked);
  return parseCertificates(text).length > 0 ? text : undefined;
}

/** The answers to a question, of the nodes that answered. */
export function answersTo(survey: Survey, id: QuestionId): readonly Asked[] {
  return survey.direct.filter(({ question, answer }) => question.id === id && answer !== undefined);
}

export function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What was answered instead, in a few words: `503`, `200, but no JSON`. */
export function insteadOf(asked: Asked, wanted: string): string {
  return statusOf(asked) === 200 ? `answers 200, but not ${wanted}` : `answers ${statusOf(asked)}`;
}
