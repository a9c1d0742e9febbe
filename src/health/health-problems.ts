// What can only be known about health checks by looking at the files they name: for `check`, and before `run` starts.
// Everything else about them the schema knows.

import type { HealthConfig, ServiceConfig } from '../config/config.ts';
import { parseJsonPath } from '../core/json-path.ts';
import { readCredentials } from './probes/credentials.ts';

export interface HealthProblem {
  /** As `services.https.health`. */
  readonly path: string;
  readonly message: string;
}

export function healthProblems(services: readonly ServiceConfig[]): readonly HealthProblem[] {
  return services.flatMap(({ name, health }) => {
    if (health === false) return [];
    return problemsOf(health).map((message) => ({ path: `services.${name}.health`, message }));
  });
}

function problemsOf(health: HealthConfig): readonly string[] {
  const paths = Object.keys(health.expect.json).filter((path) => parseJsonPath(path) === undefined);
  const problems = paths.map(
    (path) => `expect.json: ${path} is no path: write keys with dots between, or $ for the whole`,
  );
  try {
    readCredentials(health);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  return problems;
}
