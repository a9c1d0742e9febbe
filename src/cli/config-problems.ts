// Everything that is wrong with a configuration, with the files that its health checks name.

import { loadConfig } from '../config/load.ts';
import { healthFaults } from '../control/health-faults.ts';
import { ConfigError, type Problem } from '../errors.ts';

export async function problemsOf(file: string): Promise<readonly Problem[]> {
  try {
    const loaded = await loadConfig(file);
    return [...loaded.warnings, ...healthFaults(loaded)];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
