// `option httpchk` and its `http-check` rules as our http or https health check. Of the expectations: statuses and a text.

import type { RawHealthDetails } from '../raw.ts';
import type { Remarks } from './remarks.ts';
import type { Statement } from './sections.ts';

/** Those that exist: a range such as 200-399 is written with these. */
const STATUSES: readonly number[] = [
  ...[100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308],
  ...[
    400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 425,
  ],
  ...[426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 511],
];
/** What HAProxy takes for healthy where nothing else is expected. */
const USUAL = STATUSES.filter((status) => status >= 200 && status < 400);

export const OTHER_PLACE = 'addr of a rule: a check asks the node itself, not another address';

type Expectation = RawHealthDetails['expect'];

interface Request {
  method: string;
  path: string;
  readonly headers: Record<string, string>;
}

export function httpCheck(
  option: Statement,
  rules: readonly Statement[],
  checkSsl: boolean,
  remarks: Remarks,
): RawHealthDetails {
  const request = requestOf(option, remarks);
  let tls = checkSsl;
  let port: number | undefined;
  let expect: Expectation;
  for (const { line, words } of rules) {
    const [, rule = '', ...rest] = words;
    if (rule === 'send') {
      send(request, rest, line, remarks);
    } else if (rule === 'connect') {
      tls ||= rest.includes('ssl');
      if (rest.includes('addr')) remarks.lost(line, OTHER_PLACE);
      const given = Number(rest[rest.indexOf('port') + 1]);
      if (rest.includes('port') && Number.isInteger(given) && given > 0 && given < 65_536) port ??= given;
    } else if (rule === 'expect') {
      expect = both(expect, expectation(rest, line, remarks), line, remarks);
    } else if (rule !== 'comment' && rule !== 'send-state') {
      remarks.lost(line, `http-check ${rule} has no counterpart`);
    }
  }
  const { method, path, headers } = request;
  return {
    type: tls ? 'https' : 'http',
    ...(method === 'GET' ? {} : { method }),
    ...(path === '/' ? {} : { path }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(port === undefined ? {} : { port }),
    expect: expect ?? { status: USUAL },
  };
}

/** Of several expectations all must be met. An empty list of statuses means that any will do. */
function both(one: Expectation, other: Expectation, line: number, remarks: Remarks): Expectation {
  if (one === undefined || other === undefined) return one ?? other;
  const [mine = [], also = []] = [one.status, other.status];
  const status = mine.length === 0 || also.length === 0 ? [...mine, ...also] : mine.filter((s) => also.includes(s));
  if (status.length === 0 && mine.length > 0) {
    remarks.lost(
      line,
      'http-check expect: no status meets this one and the one before: only the one before is written',
    );
    return one;
  }
  if (one.contains !== undefined && other.contains !== undefined)
    remarks.lost(line, 'http-check expect string: a check looks for one text: only the first is written');
  const contains = one.contains ?? other.contains;
  return { status, ...(contains === undefined ? {} : { contains }) };
}

/** `option httpchk [METHOD] URI [VERSION]`; headers were once written into the version. */
function requestOf({ line, words }: Statement, remarks: Remarks): Request {
  const [, , ...rest] = words;
  const [method = 'OPTIONS', path = '/', ...version] = rest.length === 1 ? ['OPTIONS', ...rest] : rest;
  const request: Request = { method: 'OPTIONS', path: '/', headers: {} };
  setMethod(request, method, line, remarks);
  setPath(request, path, line, remarks);
  for (const header of version.join(' ').split(/\r?\n/).slice(1)) {
    const [name = '', ...value] = header.split(':');
    setHeader(request, name.trim(), value.join(':').trim(), line, remarks);
  }
  return request;
}

function send(request: Request, words: readonly string[], line: number, remarks: Remarks): void {
  for (let i = 0; i < words.length; i++) {
    const value = words[i + 1] ?? '';
    switch (words[i]) {
      case 'meth':
        setMethod(request, value, line, remarks);
        i++;
        break;
      case 'uri':
        setPath(request, value, line, remarks);
        i++;
        break;
      case 'ver':
      case 'comment':
        i++;
        break;
      case 'hdr':
        setHeader(request, value, words[i + 2] ?? '', line, remarks);
        i += 2;
        break;
      default:
        remarks.lost(line, `http-check send ${words[i]} has no counterpart`);
        return;
    }
  }
}

function setMethod(request: Request, method: string, line: number, remarks: Remarks): void {
  if (/^[A-Z]{1,20}$/.test(method)) request.method = method;
  else remarks.lost(line, `the method ${method} of the check can't be written`);
}

function setPath(request: Request, path: string, line: number, remarks: Remarks): void {
  if (/^\/[\u0021-\u007e]*$/.test(path)) request.path = path;
  else remarks.lost(line, `the path ${path} of the check can't be written`);
}

function setHeader(request: Request, name: string, value: string, line: number, remarks: Remarks): void {
  const sound = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && /^[\t\u0020-\u007e\u00a0-\u00ff]*$/.test(value);
  if (sound) request.headers[name] = value;
  else if (name !== '') remarks.lost(line, `the header ${name} of the check can't be written`);
}

function expectation(words: readonly string[], line: number, remarks: Remarks): Expectation {
  const rest = [...words];
  while (
    [
      'comment',
      'min-recv',
      'ok-status',
      'error-status',
      'tout-status',
      'on-success',
      'on-error',
      'status-code',
    ].includes(rest[0] ?? '')
  ) {
    rest.splice(0, 2);
  }
  const [match = '', pattern = ''] = rest;
  if (match === 'status') {
    const status = statuses(pattern);
    if (status.length > 0) return { status };
  }
  if (match === 'rstatus') {
    const status = matching(pattern);
    if (status.length > 0) return { status };
  }
  if (match === 'string' && pattern !== '') return { status: [], contains: pattern };
  remarks.lost(line, `http-check expect ${rest.join(' ')}: chargehand expects statuses, and a text in the body`);
  return undefined;
}

function statuses(list: string): number[] {
  const found = list.split(',').flatMap((part) => {
    const [, first = '', last = first] = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(part) ?? [];
    if (first === last) return first === '' ? [] : [Number(first)];
    return STATUSES.filter((status) => status >= Number(first) && status <= Number(last));
  });
  return [...new Set(found)];
}

/** Those of three digits that a pattern lets through; patterns that JavaScript reads otherwise let none. */
function matching(pattern: string): number[] {
  try {
    const expression = new RegExp(pattern.slice(0, 200));
    return STATUSES.filter((status) => expression.test(String(status)));
  } catch {
    return [];
  }
}
