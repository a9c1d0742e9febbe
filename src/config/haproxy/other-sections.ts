// The sections that are no proxies: what of `global` has a place with us, and what is said of the rest.

import type { RawFile } from '../raw.ts';
import type { Remarks } from './remarks.ts';
import type { Section, Statement } from './sections.ts';

const UNIT = 'the systemd unit has its own user, sandbox and limits';
const TUNING = 'tunes HAProxy itself';
const TLS = 'TLS passes through untouched';

const UNIT_WORDS = new Set([
  ...[
    'chroot',
    'user',
    'group',
    'uid',
    'gid',
    'daemon',
    'pidfile',
    'ulimit-n',
    'master-worker',
    'set-dumpable',
    'node',
  ],
  ...['description', 'hard-stop-after', 'grace', 'mworker-max-reloads', 'fd-hard-limit', 'strict-limits', 'unix-bind'],
  ...['insecure-fork-wanted', 'insecure-setuid-wanted', 'localpeer', 'setcap', 'quiet', 'zero-warning', 'debug'],
]);
const ENVIRONMENT = new Set(['setenv', 'presetenv', 'unsetenv', 'resetenv']);

/** What else a kind of section means. */
const SECTIONS: Readonly<Record<string, { readonly kind: 'note' | 'lost'; readonly what: string }>> = {
  peers: { kind: 'note', what: 'nothing is shared between balancers: the same node names give the same nodes' },
  resolvers: { kind: 'note', what: 'names are asked for again by themselves, from the resolvers of the machine' },
  userlist: { kind: 'note', what: 'users are a thing of HTTP' },
  mailers: { kind: 'note', what: 'alerts come from Prometheus: deploy/prometheus has rules' },
  cache: { kind: 'note', what: 'a thing of HTTP' },
  'http-errors': { kind: 'note', what: 'a thing of HTTP' },
  'log-forward': { kind: 'lost', what: 'chargehand forwards no logs' },
  'log-profile': { kind: 'note', what: 'the log has its own fields' },
  ring: { kind: 'note', what: 'the log goes to the journal' },
  program: { kind: 'lost', what: 'chargehand starts no other programs: write a systemd unit' },
  'fcgi-app': { kind: 'lost', what: 'a thing of HTTP' },
  'crt-store': { kind: 'note', what: TLS },
  acme: { kind: 'note', what: TLS },
  traces: { kind: 'note', what: 'tunes HAProxy itself' },
  healthcheck: { kind: 'lost', what: 'its rules are not read: give the service a health:' },
};

export function otherSections(sections: readonly Section[], remarks: Remarks): RawFile {
  let file: RawFile = {};
  for (const section of sections) {
    if (section.kind === 'global') {
      for (const statement of section.statements) file = { ...file, ...globalOf(statement, remarks) };
      continue;
    }
    const known = SECTIONS[section.kind];
    if (known === undefined) continue;
    const message = `${section.kind}${section.name === '' ? '' : ` ${section.name}`}: ${known.what}`;
    if (known.kind === 'lost') remarks.lost(section.line, message);
    else remarks.note(section.line, message);
  }
  return file;
}

function globalOf({ line, words, prefix }: Statement, remarks: Remarks): RawFile {
  const [keyword = '', second = ''] = words;
  if (prefix === 'no' || ENVIRONMENT.has(keyword)) return {};
  if (keyword === 'stats' && second === 'socket') {
    remarks.grouped(
      'tools for HAProxy find the same commands at the socket under haproxy:',
      line,
      `stats socket ${words[2] ?? ''}`,
    );
    return { haproxy: { socket: '/run/chargehand/haproxy.sock' } };
  }
  if (keyword === 'stats') return {};
  if (keyword === 'maxconn') {
    remarks.note(
      line,
      `maxconn ${second} of the process: HAProxy lets more sessions wait, chargehand would refuse them, so it is not carried over; max_sessions: auto follows from the descriptor limit (LimitNOFILE of the unit)`,
    );
  } else if (keyword === 'log' || keyword.startsWith('log-')) {
    remarks.note(
      line,
      `${keyword} ${second}: chargehand logs to its output, so to the journal; docs/monitoring.md shows the lines of rsyslog that write a file`,
    );
  } else if (keyword.startsWith('lua-')) {
    remarks.lost(line, `${keyword}: there is no Lua here`);
  } else if (UNIT_WORDS.has(keyword)) {
    remarks.grouped(UNIT, line, keyword);
  } else if (/^(ssl|ca|crt|issuers|tune\.ssl)/.test(keyword)) {
    remarks.grouped(TLS, line, keyword);
  } else {
    remarks.grouped(TUNING, line, keyword);
  }
  return {};
}
