// What the name that clients dial leads to, as this machine sees it: to this machine, and past it to no node.

import { type Found, listed } from '../finding.ts';
import { NO_SUCH_NAME } from '../names.ts';
import type { Survey } from '../survey.ts';

export function dns(survey: Survey): Found[] {
  const { config, name: resolved, nodes, isLocal } = survey;
  const { name } = config;
  if (name === undefined || resolved === undefined) return [];
  if (resolved.addresses.length === 0) return [unresolved(name, resolved.failure)];
  const node = nodes.find((one) => one.resolved.addresses.some((address) => resolved.addresses.includes(address)));
  if (node !== undefined) return [toNode(name, node.name)];
  if (resolved.addresses.some(isLocal)) return [];
  return [
    {
      ...fault('warning'),
      what: `${name} leads to ${listed(resolved.addresses)}, which is no address of this machine`,
      why: 'clients do not come here, unless the address moves between two balancers and the other has it now',
      mend: `ip address; then mend the record of ${name}, or the address that keepalived holds`,
    },
  ];
}

function unresolved(name: string, failure: string): Found {
  const certain = NO_SUCH_NAME.has(failure);
  return {
    ...fault(certain ? 'error' : 'warning'),
    what: certain ? `${name} has no address here (${failure})` : `${name} could not be looked up (${failure})`,
    why: 'clients dial this name',
    mend: `getent hosts ${name}; then give it a record that leads to this machine`,
  };
}

function toNode(name: string, node: string): Found {
  return {
    ...fault('error'),
    node,
    what: `${name} leads to this node, not to the load balancer`,
    why: `every client dials ${node} and no other node; without it there is no service`,
    mend: `getent hosts ${name}; then mend /etc/hosts here, or the record of ${name}`,
  };
}

function fault(severity: Found['severity']): Pick<Found, 'check' | 'severity' | 'node' | 'about'> {
  return { check: 'dns', severity, node: null, about: [] };
}
