// What can only be known about health checks by looking at the files they name: for `check`, and before `run` starts.
// Everything else about them the schema knows.

import type { HealthConfig, ServiceConfig } from '../config/config.ts';
import { parseJsonPath } from '../core/json-path.ts';
import { CredentialError, readCredentials } from './probes/credentials.ts';

export interface HealthProblem {
  readonly service: string;
  /** Of which key of its `health`: `ca`, `cert`, `key` or `expect/json`. */
  readonly key: string;
  readonly message: string;
}

export function healthProblems(services: readonly ServiceConfig[]): readonly HealthProblem[] {
  return services.flatMap(({ name, health }) => {
    if (health === false) return [];
    return problemsOf(health).map((problem) => ({ service: name, ...problem }));
  });
}

function problemsOf(health: HealthConfig): readonly Omit<HealthProblem, 'service'>[] {
  const paths = Object.keys(health.expect.json).filter((path) => parseJsonPath(path) === undefined);
  const problems = paths.map((path) => ({
    key: 'expect/json',
    message: `${path} is no path: write keys with dots between, or $ for the whole`,
  }));
  try {
    readCredentials(health);
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    problems.push({ key: error.key, message: error.message });
  }
  return problems;
}
