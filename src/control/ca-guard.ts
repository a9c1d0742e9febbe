// The Puppet CA never moves by itself, nor by a slip of the pen: before a file takes 8141 away from a node, that node is
// asked whether it still is the CA. Two nodes that sign corrupt each other's serial numbers.

import type { Config, ServiceConfig } from '../config/config.ts';
import type { LoadBalancer } from '../load-balancer.ts';

/** A line for each service whose CA the file `next` would leave although it answers as one. */
export async function leftCas(balancer: LoadBalancer, next: Config): Promise<string[]> {
  const after = new Map(next.services.map((service) => [service.name, service]));
  const moved = balancer.config.services.flatMap((before) => {
    const [from, to] = [caNode(before), caNode(after.get(before.name))];
    return from === undefined || to === undefined || from === to ? [] : [{ service: before.name, from, to }];
  });
  const lines = await Promise.all(
    moved.map(async ({ service, from, to }) => {
      const answer = await balancer.ask(service, from);
      if (answer?.ok !== true) return [];
      return [
        `${service}: ${from} still answers as the CA, and two nodes that sign corrupt each other's certificates: stop the CA on ${from} first, then reload (--force moves ${service} to ${to} all the same)`,
      ];
    }),
  );
  return lines.flat();
}

/** The node that a service of the Puppet CA is pinned to. */
function caNode(service: ServiceConfig | undefined): string | undefined {
  if (service?.balance.strategy !== 'pinned' || service.health === false) return undefined;
  return service.health.name === 'puppet-ca' ? service.balance.node : undefined;
}
