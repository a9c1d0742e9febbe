// What is wrong with the files that health checks name, as problems of the configuration with their places: for `check`,
// before `run` starts, and before a reload applies anything.

import type { Loaded } from '../config/load.ts';
import type { Problem } from '../errors.ts';
import { healthProblems } from '../health/health-problems.ts';

export function healthFaults({ config, drafts, source }: Loaded): readonly Problem[] {
  const faults = new Map<string, Problem>();
  for (const { service, key, message } of healthProblems(config.services)) {
    const draft = drafts.find(({ name }) => name === service);
    const path = `/health/${key}`;
    const base = draft?.origins.get(path)?.pointer ?? draft?.pointer ?? '/services';
    // What stands in `defaults` is one fault, not one a service.
    faults.set(base + message, source.problem('error', base + path, message));
  }
  return [...faults.values()];
}
