// `acl NAME src …` and `tcp-request … accept | reject` as our `allow` and `deny`. Rules that ask for anything but the
// client's address, or whose order can't be said with two lists, are lost, and said to be.

import type { RawService } from '../raw.ts';
import { type Clients, clientsOf, sourceLists } from './clients.ts';
import { all, type ProxySection } from './proxy.ts';
import type { Remarks } from './remarks.ts';
import type { Statement } from './sections.ts';

interface Rule {
  readonly line: number;
  readonly text: string;
  readonly action: 'accept' | 'reject';
  readonly clients: Clients;
}

export interface Access extends RawService {
  /** Peers that must send a PROXY header, where a rule says so. */
  readonly proxyFrom: readonly string[];
}

/** In HAProxy's order, wherever they stand; an accept ends the rules of its layer only. */
const LAYERS = ['connection', 'session', 'content'] as const;
type Layer = (typeof LAYERS)[number];

const isLayer = (text: string): text is Layer => LAYERS.some((layer) => layer === text);

/**
 * The rules of the frontend, then those of its backend: who is turned away by either is turned away. `acceptProxy`: a PROXY
 * header says who the client is, whoever asks.
 */
export function accessOf({ front, back }: Ends, acceptProxy: boolean, remarks: Remarks): Access {
  const losses: Loss[] = [];
  const ours = rulesOf(front, all(front, 'tcp-request'), remarks);
  // What both inherit stands in both, and is one rule.
  const shared = new Set(front.statements);
  const theirs = rulesOf(
    back,
    all(back, 'tcp-request').filter((rule) => !shared.has(rule)),
    remarks,
  );
  const { proxyFrom } = ours;
  // Rules of connections come before the header: they ask for who sends it, and our lists for whom it names.
  const ofSenders = acceptProxy || proxyFrom.length > 0 ? ours.found.connection : [];
  for (const { line, text, action } of ofSenders) {
    if (action === 'reject')
      losses.push({
        line,
        why: `${text}: this is about who sends the PROXY header, allow and deny about whom it names`,
      });
  }
  const layers = [ours, theirs].flatMap(({ found }) =>
    LAYERS.map((layer) => asLists(found[layer] === ofSenders ? [] : found[layer], losses, remarks)),
  );
  return { ...together(layers, front, losses, remarks), proxyFrom };
}

/** A frontend and where it leads; a `listen` leads to itself. */
interface Ends {
  readonly front: ProxySection;
  readonly back: ProxySection;
}

interface Rules {
  readonly found: Readonly<Record<Layer, readonly Rule[]>>;
  readonly proxyFrom: readonly string[];
}

function rulesOf(proxy: ProxySection, statements: readonly Statement[], remarks: Remarks): Rules {
  const lists = sourceLists(proxy, remarks);
  const found: Readonly<Record<Layer, Rule[]>> = { connection: [], session: [], content: [] };
  const proxyFrom: string[] = [];
  for (const { line, words } of statements) {
    const [, layer = '', action = '', ...rest] = words;
    if (layer === 'inspect-delay') {
      remarks.grouped('nothing is inspected here', line, 'tcp-request inspect-delay');
      continue;
    }
    const condition = action === 'expect-proxy' ? rest.slice(1) : rest;
    const clients = clientsOf(condition, lists);
    const text = words.join(' ');
    if (isLayer(layer) && (action === 'accept' || action === 'reject' || action === 'silent-drop')) {
      found[layer].push({ line, text, action: action === 'accept' ? 'accept' : 'reject', clients });
    } else if (isLayer(layer) && clients !== 'unknown' && action === 'expect-proxy') {
      proxyFrom.push(...(clients === undefined ? EVERYBODY : clients.inverted ? [] : clients.networks));
      if (clients?.inverted) remarks.lost(line, `${text}: only "if" with the senders' networks is carried over`);
    } else if (isLayer(layer) && clients !== 'unknown') {
      remarks.lost(line, `${text} has no counterpart`);
    } else {
      remarks.lost(line, `${text}: only rules by the client's address are carried over`);
    }
  }
  return { found, proxyFrom };
}

const EVERYBODY = ['0.0.0.0/0', '::/0'];

/** A rule that turned clients away and does not any more. */
interface Loss {
  readonly line: number;
  readonly why: string;
}

interface AllowAndDeny {
  /** With the line of the rule that makes it so; undefined: everybody. */
  readonly allow: { readonly line: number; readonly networks: readonly string[] } | undefined;
  readonly deny: readonly string[];
}

/** The rules of one layer, in order: who is denied, then who alone is allowed. */
function asLists(found: readonly Rule[], losses: Loss[], remarks: Remarks): AllowAndDeny {
  const deny: string[] = [];
  let allow: AllowAndDeny['allow'];
  const accepts: Rule[] = [];
  const lose = (line: number, why: string): void => void losses.push({ line, why });
  for (const rule of found) {
    const { line, text, action, clients } = rule;
    if (action === 'accept') {
      if (clients === undefined) break;
      accepts.push(rule);
    } else if (clients === 'unknown') {
      lose(line, `${text}: only rules by the client's address are carried over`);
    } else if (clients === undefined) {
      const networks = accepts.map(plainly);
      if (accepts.length === 0) {
        lose(line, `${text}: HAProxy turns everybody away here`);
      } else if (networks.some((list) => list === undefined)) {
        lose(line, `${text}: who is let in before it is not told by networks alone`);
      } else if (allow !== undefined) {
        lose(line, `${text}: a second list of who may come in`);
      } else {
        allow = { line, networks: networks.flatMap((list) => list ?? []) };
      }
      return { allow, deny };
    } else if (accepts.length > 0) {
      lose(line, `${text}: a rule that rejects some clients after others were accepted; write it as deny or allow`);
    } else if (!clients.inverted) {
      deny.push(...clients.networks);
    } else if (allow === undefined) {
      allow = { line, networks: clients.networks };
    } else {
      lose(line, `${text}: a second list of who may come in`);
    }
  }
  // Accepting what would be accepted anyway decides nothing.
  const [firstAccept] = accepts;
  const decided = firstAccept && found.slice(found.indexOf(firstAccept)).some(({ action }) => action === 'reject');
  if (!decided) for (const { line, text } of accepts) remarks.note(line, `${text}: sessions are accepted anyway`);
  return { allow, deny };
}

/** The networks that an accept names; undefined: it can't be told so. */
function plainly({ clients }: Rule): readonly string[] | undefined {
  return clients === undefined || clients === 'unknown' || clients.inverted ? undefined : clients.networks;
}

/** All layers hold. What could not be carried over says who may come in now. */
function together(
  layers: readonly AllowAndDeny[],
  front: ProxySection,
  losses: readonly Loss[],
  remarks: Remarks,
): RawService {
  const [first, ...more] = layers.flatMap(({ allow }) => (allow === undefined ? [] : [allow]));
  const deny = [...new Set(layers.flatMap((layer) => layer.deny))];
  const allow = first === undefined || first.networks.length === 0 ? undefined : [...new Set(first.networks)];
  const others = more.map(({ line }) => ({ line, why: 'a second list of who may come in' }));
  const nobody = first !== undefined && allow === undefined ? [{ line: first.line, why: 'nobody may come in' }] : [];
  const now =
    allow !== undefined ? 'to those of allow' : deny.length > 0 ? 'to everybody but those of deny' : 'to everybody';
  for (const { line, why } of [...losses, ...others, ...nobody]) {
    remarks.lost(line, `${why}: not carried over, so ${front.name} is open ${now} now`);
  }
  return { ...(allow === undefined ? {} : { allow }), ...(deny.length === 0 ? {} : { deny }) };
}
