// What each path of the admin socket means: from a method, a path and a body to the operator's and the reloader's methods.
// Checks what came from outside; knows no sockets and no bounds.

import { Readable } from 'node:stream';
import { parseDuration } from '../config/duration.ts';
import { isAddress } from '../core/address.ts';
import type { AdminState } from '../core/backend.ts';
import { printable } from '../core/printable.ts';
import { ChargehandError } from '../errors.ts';
import type { Body } from './admin-body.ts';
import type { SessionFilter, SessionRow } from './admin-sessions.ts';
import type { NodeOrder, Operator } from './operator.ts';

/** What the socket can do beside the operator's own. */
export interface AnswerTools {
  readonly operator: Operator;
  /** Both read the file that the process was started with. */
  readonly reloader: {
    reload(how: { readonly force: boolean }): Promise<unknown>;
    plan(): Promise<unknown>;
  };
  /** Hands over to a new process; rejects where that doesn't come to be. */
  readonly upgrade: (how: { readonly force: boolean }) => Promise<unknown>;
  /** The configuration in effect as `chargehand show` prints one. */
  readonly config: () => string;
}

export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
} & ({ readonly body: unknown } | { readonly pieces: Readable });

type Handler = (about: Asked, tools: AnswerTools) => Answer | Promise<Answer>;

interface Asked {
  /** What stands behind the last slash, decoded. */
  readonly name: string;
  readonly query: ReadonlyMap<string, string>;
  readonly body: Body;
}

/** By method and path; `*` is a name. */
const ANSWERS: Readonly<Record<string, Handler>> = {
  'GET /v1/status': (_about, { operator }) => ok(operator.status()),
  'GET /v1/sessions': ({ query }, { operator }) => ({
    status: 200,
    pieces: Readable.from(asJson(operator.sessions(filterOf(query)))),
  }),
  'DELETE /v1/sessions/*': ({ name }, { operator }) => {
    if (!operator.endSession(name)) throw fail('not-found', `no session ${printable(name)} is running`);
    return ok({ ended: name });
  },
  'GET /v1/where': ({ query }, { operator }) => {
    known(query.keys(), ['client']);
    const client = query.get('client');
    if (client === undefined) throw fail('bad-request', 'say which client: /v1/where?client=192.0.2.50');
    return ok({ client, services: operator.where(client) });
  },
  'GET /v1/config': (_about, { config }) => ok({ yaml: config() }),
  'POST /v1/nodes/*': async ({ name, body }, { operator }) => ok(await operator.setNode(name, orderOf(body))),
  'POST /v1/plan': async ({ body }, { reloader }) => {
    known(Object.keys(body), []);
    return ok(await reloader.plan());
  },
  'POST /v1/upgrade': async ({ body }, { upgrade }) => {
    return ok(await upgrade({ force: forceOf(body) }));
  },
  'POST /v1/reload': async ({ body }, { reloader }) => {
    return ok(await reloader.reload({ force: forceOf(body) }));
  },
};

/** Rejects with a ChargehandError for what can't be answered. */
export async function answerTo(method: string, url: string, body: Body, tools: AnswerTools): Promise<Answer> {
  const { path, query } = takeApart(url);
  const cut = path.lastIndexOf('/') + 1;
  const plain = ANSWERS[`${method} ${path}`];
  const named = ANSWERS[`${method} ${path.slice(0, cut)}*`];
  if (plain !== undefined) return await plain({ name: '', query, body }, tools);
  if (named !== undefined && cut < path.length)
    return await named({ name: decode(path.slice(cut)), query, body }, tools);
  const others = Object.keys(ANSWERS).filter(
    (key) => key.endsWith(` ${path}`) || key.endsWith(` ${path.slice(0, cut)}*`),
  );
  const methods = others.map((key) => key.split(' ', 1)[0] ?? '');
  if (methods.length > 0) {
    const error = `${printable(path)} takes ${methods.join(', ')}`;
    return { status: 405, headers: { allow: methods.join(', ') }, body: { error, code: 'bad-method' } };
  }
  throw fail('not-found', `there is no ${printable(path)} here`);
}

function takeApart(url: string): { path: string; query: ReadonlyMap<string, string> } {
  const [path = '', query = ''] = url.split('?', 2);
  return { path, query: new Map(new URLSearchParams(query)) };
}

function forceOf(body: Body): boolean {
  known(Object.keys(body), ['force']);
  const { force = false } = body;
  if (typeof force !== 'boolean') throw fail('bad-request', 'force is true or false');
  return force;
}

function filterOf(query: ReadonlyMap<string, string>): SessionFilter {
  known(query.keys(), ['node', 'service', 'client', 'local']);
  const client = query.get('client');
  if (client !== undefined && !isAddress(client)) {
    throw fail('bad-request', `client: ${printable(client)} is not an IP address`);
  }
  return Object.fromEntries(query);
}

function orderOf(body: Body): NodeOrder {
  known(Object.keys(body), ['state', 'services', 'within', 'close_over', 'weight']);
  const { state, services, weight } = body;
  const withinMs = duration(body, 'within');
  const closeOverMs = duration(body, 'close_over');
  if (state !== undefined && !isState(state)) throw fail('bad-request', 'state is ready, drain or maint');
  if (weight !== undefined && typeof weight !== 'number') throw fail('bad-request', 'weight is a number');
  if (services !== undefined && !isNames(services)) throw fail('bad-request', 'services is a list of names, not empty');
  return {
    ...(state === undefined ? {} : { state }),
    ...(weight === undefined ? {} : { weight }),
    ...(services === undefined ? {} : { services }),
    ...(withinMs === undefined ? {} : { withinMs }),
    ...(closeOverMs === undefined ? {} : { closeOverMs }),
  };
}

function duration(body: Body, key: string): number | undefined {
  const value = body[key];
  if (value === undefined) return undefined;
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms === undefined) throw fail('bad-request', `${key} is a duration such as 30s, 10m or 2h`);
  return ms;
}

function isState(value: unknown): value is AdminState {
  return value === 'ready' || value === 'drain' || value === 'maint';
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string');
}

/** What is not understood may have been meant to narrow what is done: refused. */
function known(keys: Iterable<string>, names: readonly string[]): void {
  for (const key of keys) {
    if (names.includes(key)) continue;
    const list = names.length === 0 ? 'takes nothing' : `takes ${names.join(', ')}`;
    throw fail('bad-request', `${printable(key)} is unknown: this ${list}`);
  }
}

/** So many sessions are put into words at once. */
const PIECE = 500;

async function* asJson(rows: Iterable<SessionRow>): AsyncIterableIterator<string> {
  let piece: string[] = [];
  let before = '{"sessions":[';
  for (const row of rows) {
    piece.push(`${before}\n${JSON.stringify(row)}`);
    before = ',';
    if (piece.length < PIECE) continue;
    yield piece.join('');
    piece = [];
  }
  yield `${piece.join('')}${before === ',' ? '' : before}\n]}\n`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw fail('bad-request', `${printable(text)} is not a name`);
  }
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function fail(code: string, message: string): ChargehandError {
  return new ChargehandError(code, message, { side: 'client' });
}
