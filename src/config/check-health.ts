// What takes two keys of `health` to judge.

import { checkQuestion } from './check-question.ts';
import { durationMs } from './duration.ts';
import type { Draft } from './expand.ts';
import type { Findings } from './findings.ts';
import type { MergedHealth } from './raw.ts';
import { child } from './source.ts';

const OF_HTTP = ['method', 'path', 'headers', 'expect'];
const OF_TLS = ['ca', 'servername', 'cert', 'key'];

export function checkHealth(draft: Draft, findings: Findings): void {
  if (draft.health === false || !findings.areSound(draft, 'health')) return;
  const { health } = draft;
  const { type } = health;
  for (const [one, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    if (health[one] === undefined || health[other] !== undefined) continue;
    findings.error(findings.pointerOf(draft, `/health/${one}`), `needs ${other} as well: a client certificate is both`);
  }
  const own = child(draft.pointer, 'health');
  if (findings.source.has(`${own}/probe`) && findings.source.has(`${own}/type`)) {
    findings.error(`${own}/type`, "can't stand beside probe: a ready probe has its type", 'key');
    return;
  }
  const useless = [
    ...(type === 'tcp' || type === 'tls' ? OF_HTTP : []),
    ...(type === 'tcp' || type === 'http' ? OF_TLS : []),
  ];
  for (const key of useless) {
    const pointer = child(own, key);
    if (findings.source.has(pointer)) findings.warning(pointer, `has no effect: the probe is ${type}`, 'key');
  }
  if (type === 'http' || type === 'https') checkQuestion(draft, health, findings);
  checkPace(draft, health, findings);
}

function checkPace(draft: Draft, { interval, fast_interval: fast }: MergedHealth, findings: Findings): void {
  if (durationMs(fast) <= durationMs(interval)) return;
  const pointer = findings.pointerOf(draft, '/health/fast_interval');
  if (findings.source.has(pointer)) {
    findings.warning(pointer, `is longer than interval (${interval}): no two probes are closer than ${fast}`);
    return;
  }
  const message = `is shorter than fast_interval (${fast}), and no two probes are closer than that: set both`;
  findings.warning(findings.pointerOf(draft, '/health/interval'), message);
}
