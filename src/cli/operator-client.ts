// How operator commands reach the running process: which socket, and what to do where the file can't say.

import type { AdminConfig } from '../config/config.ts';
import { adminSocketIn, loadConfig } from '../config/load.ts';
import { type AdminClient, adminClient } from '../control/admin-client.ts';
import { ChargehandError, ConfigError } from '../errors.ts';
import { type Given, type Option, textOption } from './command.ts';

export const SOCKET_OPTION: Option = {
  flags: '--socket <path>',
  description: 'the admin socket (default: as the file says)',
};

const STANDARD_SOCKET = '/run/chargehand/admin.sock';

/** `--socket`, else as the file says. Rejects where the file says that there is none. */
export async function operatorClient(given: Given): Promise<AdminClient> {
  const named = textOption(given, 'socket');
  if (named !== undefined) return adminClient(named);
  const { admin, why } = await adminOf(given.config);
  if (admin === false) {
    const message = `${given.config} says admin: false, so there is no socket to ask; SIGHUP reloads it, SIGUSR2 upgrades it; for the rest take that line out and restart`;
    throw new ChargehandError('no-socket', message, { side: 'client' });
  }
  if (why === undefined) return adminClient(admin?.socket ?? STANDARD_SOCKET);
  const socket = (await adminSocketIn(given.config)) ?? STANDARD_SOCKET;
  const client = adminClient(socket);
  return { ask: (...question) => client.ask(...question).catch(notThere(socket, why)) };
}

/** `why`: the file is not valid, or can't be read; what runs may still stand where it says, or at the usual place. */
async function adminOf(file: string): Promise<{ admin: AdminConfig | false | undefined; why?: string }> {
  try {
    const { config } = await loadConfig(file);
    return { admin: config.admin };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { admin: undefined, why: `${file} is not valid or can't be read (chargehand check says why)` };
  }
}

/** With a file that can't be trusted nobody knows whether something runs. */
function notThere(socket: string, why: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof ChargehandError) || error.code !== 'not-running') throw error;
    const message = `nothing answers at ${socket}, and ${why}, so it may listen elsewhere: name its socket with --socket`;
    throw new ChargehandError(error.code, message, { side: 'client', cause: error });
  };
}
