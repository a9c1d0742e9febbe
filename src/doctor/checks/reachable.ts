// Whether every node answers at all, on every port: names that have no address, connections that don't come to stand,
// questions without an answer.

import { isRefused } from '../answers.ts';
import { isUnheard } from '../asker.ts';
import { type Found, listed } from '../finding.ts';
import { meanwhile } from '../meanwhile.ts';
import { NO_SUCH_NAME } from '../names.ts';
import type { Asked, Survey } from '../survey.ts';

const WHY = 'clients that are sent to it wait for a connect timeout first, or fail';

const WHY_MAINT = 'no client is sent to it while it is in maint; with chargehand ready they would be';

/** Where the file has the node out, nobody waits for it. */
function whyOf(failed: readonly Asked[]): string {
  const out = failed.every(({ question, node }) =>
    question.service.backends.some((backend) => backend.node === node && backend.admin === 'maint'),
  );
  return out ? WHY_MAINT : WHY;
}

export function address({ nodes }: Survey): Found[] {
  return nodes
    .filter(({ resolved }) => resolved.addresses.length === 0)
    .map(({ name, host, resolved: { failure } }) => {
      const certain = NO_SUCH_NAME.has(failure);
      return {
        check: 'address',
        severity: certain ? 'error' : 'warning',
        node: name,
        about: [],
        what: certain
          ? `its name ${host} has no address here (${failure})`
          : `its name ${host} could not be looked up (${failure})`,
        why: 'what runs keeps the address that it has; once it is started anew, no client is sent to the node',
        mend: `getent hosts ${host}; then mend DNS or /etc/hosts, or write its address into the file`,
      };
    });
}

export function reachable(survey: Survey): Found[] {
  return survey.nodes.flatMap(({ name }) => {
    const asked = survey.direct.filter((one) => one.node === name && !isUnheard(one));
    const failed = asked.filter(({ failure }) => failure !== undefined);
    if (failed.length === 0) return [];
    const connected = asked.some(({ failure }) => failure?.stage !== 'connect');
    if (!connected) return [gone(name, failed, survey)];
    // A port that doesn't answer is one finding, whatever it was asked.
    return byService(failed).flatMap((list) => silent(name, list, asked, survey));
  });
}

function gone(node: string, failed: readonly Asked[], survey: Survey): Found {
  const [first] = failed;
  const ports = [...new Set(failed.map(({ target }) => target.replace(/^.*:/, '')))];
  return {
    check: 'reachable',
    severity: 'error',
    node,
    about: failed,
    what: `no connection on any of its ports (${listed(ports)}): ${first?.failure?.reason ?? ''}`,
    why: whyOf(failed),
    mend: `on ${node}: systemctl status; firewall-cmd --list-all${meanwhile(survey, { node, about: failed, order: 'maint' })}`,
  };
}

function silent(node: string, failed: readonly Asked[], asked: readonly Asked[], survey: Survey): Found[] {
  const [first] = failed;
  if (first === undefined) return [];
  const { name } = first.question.service;
  const others = asked.filter((one) => one.question.service.name === name && one.failure === undefined);
  // Where it answers without a client certificate: not-asked.ts says that the certificate is refused.
  const counted = survey.certified && others.length > 0 ? failed.filter((one) => !isRefused(one)) : failed;
  const reasons = [...new Set(counted.map(({ failure }) => failure?.reason ?? ''))];
  const shown = others.length === 0 ? reasons.slice(0, 1) : reasons;
  return shown.map((reason) => ({
    check: 'reachable',
    severity: 'error',
    node,
    about: others.length === 0 ? failed : counted.filter(({ failure }) => failure?.reason === reason),
    what: `${first.target}: ${reason}`,
    why: whyOf(failed),
    mend: `on ${node}: ss -ltnp; systemctl --failed${meanwhile(survey, { node, about: failed, order: 'drain' })}`,
  }));
}

function byService(asked: readonly Asked[]): Asked[][] {
  const lists = new Map<string, Asked[]>();
  // Services that ask the same port of it fail together.
  for (const one of asked) lists.set(one.target, [...(lists.get(one.target) ?? []), one]);
  return [...lists.values()];
}
