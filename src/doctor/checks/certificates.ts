// The certificate of each node on each TLS port, as clients judge it: a chain to the CA they trust, the name they dial, its
// dates and what its key is for. Katello's clients trust /pub/katello-server-ca.crt, Puppet's agents the Puppet CA.

import {
  type InspectedCertificate,
  inspectCertificate,
  parseCertificates,
} from '../../health/probes/inspected-certificate.ts';
import { answersTo, certificatesOf } from '../answers.ts';
import { compare } from '../compare.ts';
import type { Check, Found } from '../finding.ts';
import { type QuestionId, roleOf } from '../questions.ts';
import type { Asked, Survey } from '../survey.ts';

const DAY_MS = 24 * 3_600_000;
/** Who has less left is named. */
export const SOON_MS = 21 * DAY_MS;

interface Shown {
  readonly node: string;
  readonly certificate: InspectedCertificate;
  /** Every answer that came with it. */
  readonly about: readonly Asked[];
}

export function certificateName(survey: Survey): Found[] {
  const { name } = survey.config;
  if (name === undefined) return [];
  return shown(survey)
    .filter(({ certificate }) => !certificate.carries(name))
    .map((one) => ({
      ...finding('certificate-name', one),
      severity: 'error',
      what: `its certificate is for ${namesIn(one.certificate)}, not for ${name}`,
      why: `clients dial ${name}: each one that is sent to ${one.node} refuses the certificate`,
      mend: renew(one, survey),
    }));
}

export function certificateExpiry(survey: Survey): Found[] {
  const { now } = survey;
  return shown(survey).flatMap((one): Found[] => {
    const { notBefore, notAfter } = one.certificate;
    const what =
      notAfter < now
        ? `its certificate expired on ${day(notAfter)}`
        : notBefore > now
          ? `its certificate is not valid before ${day(notBefore)}`
          : notAfter - now < SOON_MS
            ? `its certificate ${left(notAfter, now)}`
            : undefined;
    if (what === undefined) return [];
    const over = notAfter < now || notBefore > now;
    const why = over ? 'clients refuse the certificate' : 'from that day on clients refuse the certificate';
    const mend =
      notBefore > now
        ? `on ${one.node}: timedatectl; if its clock is right: ${renew(one, survey)}`
        : renew(one, survey);
    return [{ ...finding('certificate-expiry', one), severity: over ? 'error' : 'warning', what, why, mend }];
  });
}

export function certificateUsage(survey: Survey): Found[] {
  return shown(survey).flatMap((one): Found[] => {
    const { usageFault } = one.certificate;
    if (usageFault === undefined) return [];
    const why = 'clients refuse a certificate that is not meant for servers';
    const what = `its certificate can't be a server's: ${usageFault}`;
    return [{ ...finding('certificate-usage', one), severity: 'error', what, why, mend: renew(one, survey) }];
  });
}

export function certificateChain(survey: Survey): Found[] {
  const katello = trusted(survey, 'ca-file');
  const puppet = trusted(survey, 'puppet-ca');
  return shown(survey).flatMap((one): Found[] => {
    const authorities = isPuppet(one, survey) ? puppet : katello;
    // A service of the user's own, or nobody told which CA it is: not-asked.ts says so.
    if (authorities.length === 0 || one.about.every((asked) => roleIn(asked, survey) === 'own')) return [];
    // A CA that is over is no fault of what it signed: authority-expiry.ts.
    if ((lastOf(authorities)?.notAfter ?? Number.POSITIVE_INFINITY) < survey.now) return [];
    const fault = one.certificate.chainFault(authorities, survey.now);
    if (fault === undefined) return [];
    const ca = isPuppet(one, survey) ? 'the Puppet CA' : 'the CA of /pub/katello-server-ca.crt';
    return [
      {
        ...finding('certificate-chain', one),
        severity: 'error',
        what: `its certificate is not one of ${ca}: ${fault}`,
        why: `clients trust ${ca}: each one that is sent to ${one.node} refuses the certificate`,
        mend: renew(one, survey),
      },
    ];
  });
}

/** The CA certificates that clients of this kind trust: what most nodes show, or what any does where they don't agree. */
export function trusted(survey: Survey, from: QuestionId): readonly string[] {
  const answers = answersTo(survey, from).filter((asked) => certificatesOf(asked) !== undefined);
  const { usual, odd } = compare(answers, certificatesOf);
  return usual === undefined ? odd.map(({ gist }) => gist) : [usual.gist];
}

/** Of some CA certificates the one that is good longest: one may replace another, and stand beside it for a while. */
export function lastOf(authorities: readonly string[]): InspectedCertificate | undefined {
  const all = authorities.flatMap(parseCertificates).map(inspectCertificate);
  const dated = all.filter(({ notAfter }) => Number.isFinite(notAfter));
  return dated.sort((a, b) => b.notAfter - a.notAfter)[0];
}

/** Each certificate of each node once, with all the ports that showed it. */
function shown(survey: Survey): readonly Shown[] {
  const found = new Map<string, { node: string; certificate: InspectedCertificate; about: Asked[] }>();
  for (const asked of survey.direct) {
    const { node, certificate } = asked;
    if (node === undefined || certificate === undefined) continue;
    // The same certificate on Puppet's port and on others is judged by different CAs.
    const key = `${node} ${certificate.fingerprint} ${roleIn(asked, survey).startsWith('puppet')}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { node, certificate, about: [asked] });
    else known.about.push(asked);
  }
  return [...found.values()];
}

function finding(check: Check, { node, about }: Shown): Pick<Found, 'check' | 'node' | 'about'> {
  return { check, node, about };
}

function roleIn({ question }: Asked, { config }: Survey): string {
  return roleOf(question.service, config.profile);
}

function isPuppet({ about }: Shown, survey: Survey): boolean {
  return about.some((asked) => roleIn(asked, survey).startsWith('puppet'));
}

function namesIn({ names, subject }: InspectedCertificate): string {
  const [first = subject || 'no name', ...more] = names;
  return more.length === 0 ? first : `${first} and ${more.length} more`;
}

function renew(one: Shown, survey: Survey): string {
  const node = hostName(one);
  const lb = survey.config.name ?? 'LB-NAME';
  const in2018 = survey.config.profile === 'foreman-2018';
  if (isPuppet(one, survey)) return renewPuppet(node, lb, one.node === survey.config.caNode, in2018);
  if (one.about.every((asked) => roleIn(asked, survey) === 'own')) return `give ${node} a certificate for ${lb}`;
  const certs = `on the Foreman server: foreman-proxy-certs-generate --foreman-proxy-fqdn ${node} --foreman-proxy-cname ${lb} --certs-tar ${node}.tar; then the installer on ${node} with it`;
  return in2018 ? certs : `${certs} and --certs-cname ${lb}`;
}

function renewPuppet(node: string, lb: string, signs: boolean, in2018: boolean): string {
  const where = signs ? `on ${node}` : 'on the CA node';
  const then = signs ? '' : `; copy the files to ${node}`;
  if (in2018) {
    return `${where}: puppet cert clean ${node} && puppet cert generate ${node} --dns_alt_names=${lb}${then}; on ${node}: systemctl restart puppetserver`;
  }
  // The CA's own is what its commands authenticate with: revoked, or made anew without --ca-client, they are refused.
  if (signs) {
    return `${where}: systemctl stop puppetserver; move ${node}.pem out of certs, private_keys and public_keys in /etc/puppetlabs/puppet/ssl and out of the CA's signed; puppetserver ca generate --ca-client --certname ${node} --subject-alt-names ${lb}; systemctl start puppetserver`;
  }
  return `${where}: puppetserver ca clean --certname ${node} && puppetserver ca generate --certname ${node} --subject-alt-names ${lb}${then}`;
}

/** The node's own host name, as its certificate has it; only what is nothing but a name may stand in a command. */
function hostName({ node, certificate }: Shown): string {
  const { subject } = certificate;
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(subject) && subject.startsWith(`${node}.`) ? subject : node;
}

/** What is not over yet. */
export function left(notAfter: number, now: number): string {
  const days = Math.floor((notAfter - now) / DAY_MS);
  return `expires on ${day(notAfter)}, in ${days === 1 ? '1 day' : `${days} days`}`;
}

export function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
