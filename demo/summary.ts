// What the demo prints once everything runs: what listens where and goes where, what to try, where the figures are. Text
// only; starts and asks nothing.

import Table from 'cli-table3';
import type { Config, ListenAddress, ServiceConfig } from '../src/config/config.ts';
import { formatHostPort } from '../src/core/address.ts';

export function summary(config: Config, authorityFile: string, pids: ReadonlyMap<string, number>): string {
  const services = table(['service', 'listens on', 'balance', 'goes to']);
  for (const service of config.services) {
    services.push([service.name, listens(service), service.balance.strategy, goesTo(service)]);
  }
  const nodes = table(['node', 'address', 'pid']);
  for (const { name, host } of config.nodes) nodes.push([name, host, pids.get(name) ?? '']);
  const lines = [
    '',
    `chargehand balances ${config.nodes.length} stand-in Smart Proxies, as ${config.file} says.`,
    '',
    services.toString(),
    nodes.toString(),
    '',
    'Try:',
    ...curls(config, authorityFile).map((line) => `  ${line}`),
    '',
    'Kill a node (kill -9 PID) and go on: it is started again a second later.',
    ...(config.admin === false
      ? []
      : [
          `Ask it: node dist/src/main.js status -c ${config.file} (also: where 127.0.0.1, drain proxy02, ready proxy02)`,
        ]),
    ...(config.http === false
      ? []
      : [`Look at it: ${httpUrl(config.http)}/`, `Metrics: ${httpUrl(config.http)}/metrics`]),
    'Ctrl-C ends it all.',
    '',
  ];
  return lines.join('\n');
}

/** `http://127.0.0.1:8404`: where the balancer's read-only port is asked. */
export function httpUrl(http: Exclude<Config['http'], false>): string {
  return `http://${formatHostPort(http.host ?? '127.0.0.1', http.port)}`;
}

/** Plain, and a line a row: the lines between the rows are left out, but for the one under the head. */
function table(head: string[]): InstanceType<typeof Table> {
  return new Table({ head, style: { head: [], border: [], compact: true } });
}

function listens(service: ServiceConfig): string {
  return service.listen.map(listenText).join('\n');
}

function listenText(address: ListenAddress): string {
  switch (address.kind) {
    case 'tcp':
      return formatHostPort(address.host ?? '*', address.port);
    case 'unix':
      return address.path;
    case 'systemd':
      return `systemd:${address.name}`;
    default:
      return address satisfies never;
  }
}

/** `port 10443 on proxy01, proxy02, proxy03`; nodes that differ in the port get a line of their own. */
function goesTo(service: ServiceConfig): string {
  const pinned = service.balance.strategy === 'pinned' ? service.balance.node : undefined;
  const nodesByPort = new Map<number | undefined, string[]>();
  for (const { node, port } of service.backends) {
    if (pinned === undefined || node === pinned) nodesByPort.set(port, [...(nodesByPort.get(port) ?? []), node]);
  }
  return [...nodesByPort].map(([port, nodes]) => `port ${port} on ${nodes.join(', ')}`).join('\n');
}

/** One line to try for a service of each kind, with the name that clients would dial, so that certificates fit. */
function curls(config: Config, authorityFile: string): string[] {
  const name = config.name ?? 'smartproxy.example.test';
  const line = (service: string, scheme: string, path: string): string[] => {
    const listen = config.services.find((known) => known.name === service)?.listen[0];
    if (listen?.kind !== 'tcp') return [];
    const resolve = `--resolve ${name}:${listen.port}:${listen.host ?? '127.0.0.1'}`;
    const trust = scheme === 'https' ? ` --cacert ${authorityFile}` : '';
    return [`curl${trust} ${resolve} ${scheme}://${name}:${listen.port}${path}`];
  };
  return [
    ...line('http', 'http', '/'),
    ...line('https', 'https', '/pulp/api/v3/status/'),
    ...line('puppet-ca', 'https', '/puppet-ca/v1/certificate/ca'),
  ];
}
