// Puppet: each puppetserver runs, and exactly one node is a CA, the one that 8141 goes to.

import { printable } from '../../core/printable.ts';
import { answersTo, certificatesOf, statusOf, textOf } from '../answers.ts';
import { type Found, listed } from '../finding.ts';
import type { Asked, Survey } from '../survey.ts';

export function puppetserver(survey: Survey): Found[] {
  return answersTo(survey, 'puppetserver').flatMap((asked): Found[] => {
    const said = textOf(asked).trim();
    if (statusOf(asked) === 200 && said === 'running') return [];
    return [
      {
        check: 'puppetserver',
        severity: 'error',
        node: asked.node ?? null,
        about: [asked],
        what: `its puppetserver says ${statusOf(asked)} ${printable(said, 60)}`,
        why: 'agents that are sent to it get no catalog',
        mend: `on ${asked.node}: systemctl restart puppetserver; /var/log/puppetlabs/puppetserver/puppetserver.log`,
      },
    ];
  });
}

export function puppetCa(survey: Survey): Found[] {
  const { caNode } = survey.config;
  const answers = answersTo(survey, 'puppet-ca');
  const cas = new Set(answers.filter((asked) => certificatesOf(asked) !== undefined).map(({ node }) => node));
  const others = [...cas].filter((node) => node !== caNode);
  if (caNode === undefined) return cas.size > 1 ? [twoCas(null, [...cas], answers)] : [];
  const own = answers.find(({ node }) => node === caNode);
  const [only] = others;
  if (cas.has(caNode)) return others.map((node) => twoCas(node ?? null, [caNode], aboutOf([node], answers)));
  // Whether a ca_node that wasn't heard signs is not known: then nobody else is told to stop.
  if (own === undefined) return only === undefined ? [] : [unheard(caNode, others, answers)];
  const among = others.length > 1 ? [twoCas(null, others, aboutOf(others, answers))] : [];
  return [noCa(caNode, own, others), ...among];
}

function aboutOf(nodes: readonly (string | undefined)[], answers: readonly Asked[]): readonly Asked[] {
  return answers.filter(({ node }) => nodes.includes(node));
}

/** Some node is a CA, and the one that 8141 goes to gave no answer. */
function unheard(caNode: string, others: readonly (string | undefined)[], answers: readonly Asked[]): Found {
  const [other] = others;
  const who = listed(others.map((node) => node ?? ''));
  return {
    check: 'puppet-ca',
    severity: 'error',
    node: other !== undefined && others.length === 1 ? other : null,
    about: aboutOf(others, answers),
    what: `${who} ${others.length === 1 ? 'is a CA' : 'are all CAs'}, and ca_node ${caNode} gave no answer`,
    why: 'what new hosts ask at 8141 goes to ca_node only, and there must be one CA',
    mend: `set ca_node: ${other} in the file, if that is the node that signs; if ${caNode} signs, ask again when it answers`,
  };
}

function noCa(caNode: string, asked: Asked, others: readonly (string | undefined)[]): Found {
  const [other] = others;
  return {
    check: 'puppet-ca',
    severity: 'error',
    node: caNode,
    about: [asked],
    what: `it is ca_node, but answers ${statusOf(asked)} where a CA shows its certificate`,
    why: 'new hosts get no Puppet certificate: what they ask at 8141 goes to this node only',
    mend:
      other === undefined
        ? `on ${caNode}: foreman-installer --puppet-server-ca true --foreman-proxy-puppetca true; or set ca_node to the node that signs`
        : `set ca_node: ${other} in the file, if that is the node that signs, and chargehand reload; or move the CA to ${caNode}`,
  };
}

function twoCas(node: string | null, cas: readonly (string | undefined)[], about: readonly Asked[]): Found {
  const who = listed(cas.map((ca) => ca ?? ''));
  return {
    check: 'puppet-ca',
    severity: 'error',
    node,
    about,
    what: node === null ? `${who} are all CAs` : `it is a CA, although the CA is ${who}`,
    why: 'two CAs give the same serial numbers and know nothing of what the other revoked',
    mend: `on ${node ?? 'all but one of them'}: foreman-installer --puppet-server-ca false --foreman-proxy-puppetca false`,
  };
}
