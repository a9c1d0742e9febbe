// `chargehand doctor`.

import { loadConfig } from '../config/load.ts';
import { systemClock } from '../core/clock.ts';
import type { ClientCertificate } from '../doctor/asker.ts';
import { hasErrors } from '../doctor/report.ts';
import { visit } from '../doctor/visit.ts';
import { ChargehandError } from '../errors.ts';
import { readCredentials } from '../health/probes/credentials.ts';
import { systemLookup } from '../net/lookup.ts';
import { probeNetwork } from '../net/probe-socket.ts';
import { PLAIN_SOCKETS } from '../net/socket-way.ts';
import { type Command, flagOption, type Given, textOption, wrongUsage } from './command.ts';
import { doctorTable } from './doctor-table.ts';
import { EXIT } from './host.ts';
import { paintFor } from './paint.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'ask each node and the load balancer, compare the answers, say what is wrong',
  details: [
    'Every node is asked directly on every port of its services, and the same is asked through the load balancer: the one ' +
      'that runs here or, where none does, what the name leads to. It changes nothing. It needs no running chargehand.',
    'A finding says what is wrong, on which node, why it matters to clients, and the command that mends it. The exit code ' +
      'is 1 where one of them is an error; warnings alone are 0. Repositories to compare stand in the file, ' +
      'doctor.repositories; with doctor.interval the running service asks by itself.',
    'What --json prints keeps its names and types; its JSON Schema is config/doctor-schema.json.',
  ],
  examples: [
    ['chargehand doctor', 'before the first client comes, after an upgrade, when some clients fail and others do not'],
    [
      'chargehand doctor --cert /etc/foreman-proxy/foreman_ssl_cert.pem --key /etc/foreman-proxy/foreman_ssl_key.pem',
      'with a client certificate that the nodes trust: registration URLs and protected repositories, too',
    ],
  ],
  options: [
    { flags: '--json', description: 'for machines' },
    { flags: '--cert <file>', description: 'a client certificate to show where one is wanted (PEM)' },
    { flags: '--key <file>', description: 'its key (PEM)' },
  ],
  async run(given, host) {
    const certificate = certificateOf(given);
    const { config } = await loadConfig(given.config);
    const { report } = visit({
      config,
      certificate,
      network: probeNetwork(PLAIN_SOCKETS),
      clock: systemClock,
      lookup: systemLookup(),
    });
    const said = await report;
    const { columns, color } = host.terminal;
    if (flagOption(given, 'json')) host.write(`${JSON.stringify(said, null, 2)}\n`);
    else host.write(doctorTable(said, Math.max(80, columns), paintFor(color)));
    return hasErrors(said) ? EXIT.failed : EXIT.done;
  },
};

/** Read once here, so that a wrong file is told before anybody is asked. */
function certificateOf(given: Given): ClientCertificate | undefined {
  const [cert, key] = [textOption(given, 'cert'), textOption(given, 'key')];
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw wrongUsage('--cert and --key go together: name both files');
  }
  try {
    readCredentials({ ca: undefined, cert, key });
  } catch (error) {
    throw new ChargehandError('bad-certificate', error instanceof Error ? error.message : String(error), {
      side: 'client',
      cause: error,
    });
  }
  return { cert, key };
}
