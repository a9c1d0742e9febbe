// What a doctor's visit came to, as plain values: the JSON of `chargehand doctor --json` (config/doctor-schema.json), and
// what the table is made of.

import { ALL_CHECKS } from './checks.ts';
import { type Check, type Finding, type Found, services } from './finding.ts';
import { type NotAsked, notAsked } from './not-asked.ts';
import type { Asked, Survey } from './survey.ts';

export interface AskedAnswer {
  readonly service: string;
  /** `GET /features`, `TLS handshake`, `connect`. */
  readonly question: string;
  /** null: through the load balancer. */
  readonly node: string | null;
  /** `ip:port`. */
  readonly target: string;
  /** HTTP's status; null: there was none to have, or no answer. */
  readonly status: number | null;
  /** Why there was no answer, as `refused`; null: there was one. */
  readonly failure: string | null;
  readonly seconds: number;
  /** What was found by it. */
  readonly findings: readonly Check[];
}

export interface Report {
  readonly format: 1;
  readonly at: string;
  readonly file: string;
  readonly name: string | null;
  readonly ca_node: string | null;
  readonly nodes: readonly string[];
  readonly balancer: Survey['balancer'];
  readonly seconds: number;
  readonly asked: readonly AskedAnswer[];
  readonly findings: readonly Finding[];
  readonly not_asked: readonly NotAsked[];
}

export function reportOf(survey: Survey, seconds: number): Report {
  const { config } = survey;
  const found = ALL_CHECKS.flatMap((check) => check(survey));
  const all = [...survey.direct, ...survey.balanced];
  return {
    format: 1,
    at: new Date(survey.now).toISOString(),
    file: config.file,
    name: config.name ?? null,
    ca_node: config.caNode ?? null,
    nodes: config.nodes.map(({ name }) => name),
    balancer: survey.balancer,
    seconds: rounded(seconds),
    asked: all.map((asked) => answerOf(asked, found)),
    findings: [...found].sort((a, b) => rank(a) - rank(b)).map(toFinding),
    not_asked: notAsked(survey),
  };
}

export function hasErrors({ findings }: Pick<Report, 'findings'>): boolean {
  return findings.some(({ severity }) => severity === 'error');
}

function answerOf(asked: Asked, found: readonly Found[]): AskedAnswer {
  const { question, node, target, failure, answer, seconds } = asked;
  const checks = found.filter(({ about }) => about.includes(asked)).map(({ check }) => check);
  return {
    service: question.service.name,
    question: wordsOf(asked),
    node: node ?? null,
    target,
    status: answer?.status ?? null,
    failure: failure?.code ?? null,
    seconds: rounded(seconds),
    findings: [...new Set(checks)],
  };
}

function wordsOf({ question }: Asked): string {
  if (question.transport === 'tcp') return 'connect';
  return question.transport === 'tls' ? 'TLS handshake' : `${question.method} ${question.path}`;
}

function toFinding({ check, severity, node, about, what, why, mend }: Found): Finding {
  return { check, severity, node, services: services(about), what, why, mend };
}

function rank({ severity }: Found): number {
  return severity === 'error' ? 0 : 1;
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
