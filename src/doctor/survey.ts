// Everything that was asked, of each node directly and through the load balancer, side by side. Collects; finds nothing.

import type { Config } from '../config/config.ts';
import { formatHostPort } from '../core/address.ts';
import type { BackendSpec } from '../core/backend.ts';
import type { Clock } from '../core/clock.ts';
import type { Lookup } from '../net/lookup.ts';
import { probePreamble } from '../net/proxy-preamble.ts';
import { chooseAddress } from '../net/resolve.ts';
import { type Answered, type Asker, type ClientCertificate, isUnheard } from './asker.ts';
import { isServed, isTcp, localPlace, type Place, remotePlace } from './balancer-places.ts';
import { type Resolved, resolveName } from './names.ts';
import { type Question, questionsOf } from './questions.ts';

export interface Asked extends Answered {
  readonly question: Question;
  /** undefined: it went through the load balancer. */
  readonly node: string | undefined;
  /** `ip:port`. */
  readonly target: string;
}

export interface SurveyedNode {
  readonly name: string;
  readonly host: string;
  readonly resolved: Resolved;
}

export interface Survey {
  readonly config: Config;
  readonly nodes: readonly SurveyedNode[];
  /** What `name` leads to; undefined: the file has none. */
  readonly name: Resolved | undefined;
  /** Whether an address is this machine's. */
  readonly isLocal: (address: string) => boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Of each node, in the order of the file; then through the load balancer. */
  readonly direct: readonly Asked[];
  readonly balanced: readonly Asked[];
  /** Where the load balancer was asked; `nowhere`: nothing of it runs here, and the name leads nowhere else. */
  readonly balancer: 'here' | 'elsewhere' | 'nowhere';
  readonly certified: boolean;
}

export interface SurveyOptions {
  readonly config: Config;
  readonly asker: Asker;
  readonly clock: Clock;
  readonly lookup: Lookup;
  readonly isLocal: (address: string) => boolean;
  readonly certificate: ClientCertificate | undefined;
  /** Nodes in `maint` are left alone: nobody is to be alarmed for them. */
  readonly skipMaint: boolean;
}

export async function survey(options: SurveyOptions): Promise<Survey> {
  const { config, clock, lookup, isLocal, certificate } = options;
  const now = clock.wall();
  const names = [
    ...new Set([...config.nodes.map(({ host }) => host), ...(config.name === undefined ? [] : [config.name])]),
  ];
  const resolved = new Map(
    await Promise.all(names.map(async (host) => [host, await resolveName(host, lookup, clock)] as const)),
  );
  const of = (host: string): Resolved => resolved.get(host) ?? { addresses: [], failure: 'ENOTFOUND' };
  const questions = questionsOf(config, config.doctor?.repositories ?? []);
  const direct = await askNodes(questions, (host) => chooseAddress(of(host).addresses, undefined), options);
  const name = config.name === undefined ? undefined : of(config.name);
  const through = await askBalancer(questions, direct, name, options);
  return {
    config,
    nodes: config.nodes.map(({ name, host }) => ({ name, host, resolved: of(host) })),
    name,
    isLocal,
    now,
    direct,
    ...through,
    certified: certificate !== undefined,
  };
}

async function askNodes(
  questions: readonly Question[],
  addressOf: (host: string) => string | undefined,
  options: SurveyOptions,
): Promise<readonly Asked[]> {
  const asked = questions.flatMap((question) =>
    question.service.backends.flatMap((backend) => {
      const place = placeOf(question, backend, addressOf(backend.host));
      const skipped = options.skipMaint && backend.admin === 'maint';
      return place === undefined || skipped ? [] : [askAt(question, backend.node, place, options)];
    }),
  );
  return Promise.all(asked);
}

function placeOf({ service, port }: Question, backend: BackendSpec, address: string | undefined): Place | undefined {
  const own = backend.port ?? service.listen.find(isTcp)?.port;
  const there = port ?? own;
  if (address === undefined || there === undefined) return undefined;
  return {
    target: { address, port: there, ...(service.sourceAddress === undefined ? {} : { from: service.sourceAddress }) },
    // As in health checks: another port than the service's knows nothing of a PROXY header.
    preamble: there === own ? probePreamble(service.proxyProtocol.send) : undefined,
  };
}

/**
 * Here first. Where every port refuses nothing of it runs here, nor where something else answers and the name leads to
 * another machine; what the name leads to is asked instead.
 */
async function askBalancer(
  questions: readonly Question[],
  direct: readonly Asked[],
  name: Resolved | undefined,
  options: SurveyOptions,
): Promise<Pick<Survey, 'balanced' | 'balancer'>> {
  const both = questions.filter(({ ways, service }) => ways === 'both' && isServed(service));
  const askAll = (place: (question: Question) => Place | undefined): Promise<Asked[]> =>
    Promise.all(
      both.flatMap((question) => {
        const at = place(question);
        return at === undefined ? [] : [askAt(question, undefined, at, options)];
      }),
    );
  const here = await askAll(({ service }) => localPlace(service));
  const leadsAway = name !== undefined && name.addresses.length > 0 && !name.addresses.some(options.isLocal);
  const isHere = here.some((asked) => asked.failure?.stage !== 'connect' && !isUnheard(asked));
  if (isHere && !(leadsAway && isSomethingElse(here, direct))) return { balanced: here, balancer: 'here' };
  const far = name?.addresses.find((address) => !options.isLocal(address));
  if (far === undefined) return { balanced: [], balancer: 'nowhere' };
  return { balanced: await askAll(({ service }) => remotePlace(service, far)), balancer: 'elsewhere' };
}

/** Whether certificates are shown, and none is that of a node: Cockpit on 9090, the Foreman server itself. */
function isSomethingElse(here: readonly Asked[], direct: readonly Asked[]): boolean {
  const shown = here.flatMap(({ certificate }) => certificate?.fingerprint ?? []);
  const ofNodes = new Set(direct.map(({ certificate }) => certificate?.fingerprint));
  return shown.length > 0 && !shown.some((fingerprint) => ofNodes.has(fingerprint));
}

async function askAt(
  question: Question,
  node: string | undefined,
  { target, preamble }: Place,
  { config, asker, certificate }: SurveyOptions,
): Promise<Asked> {
  const { transport, method, path, headers, service } = question;
  const { health } = service;
  const asChecked = health === false ? undefined : health.servername;
  // A health check's own question goes by the name that the check goes by, and where that has none, by none.
  const servername = question.id === 'health' ? asChecked : (asChecked ?? config.name);
  const inquiry = { transport, method, path, headers, servername, preamble };
  const answered = await asker.ask(inquiry, target, question.certified ? certificate : ownCertificate(health));
  return { ...answered, question, node, target: formatHostPort(target.address, target.port) };
}

/** The one that the service's own health check shows. */
function ownCertificate(health: Question['service']['health']): ClientCertificate | undefined {
  if (health === false || health.cert === undefined || health.key === undefined) return undefined;
  return { cert: health.cert, key: health.key };
}
