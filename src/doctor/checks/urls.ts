// The places that nodes send clients to: for templates, for tokens of the registry, for registration. Each must carry the
// name that clients dial; a node's own name leads them past the load balancer.

import type { ServiceConfig } from '../../config/config.ts';
import { formatHostPort } from '../../core/address.ts';
import { printable } from '../../core/printable.ts';
import { answersTo, insteadOf, jsonOf, objectOf, placeIn, realmOf, statusOf } from '../answers.ts';
import { isTcp } from '../balancer-places.ts';
import { sameQuestions } from '../compare.ts';
import type { Check, Found } from '../finding.ts';
import { roleOf } from '../questions.ts';
import type { Asked, Survey } from '../survey.ts';

export function templates(survey: Survey): Found[] {
  return sameQuestions(answersTo(survey, 'template-server')).flatMap((list) => {
    // Where no node has templates, none is the odd one.
    if (list.every((asked) => statusOf(asked) === 404)) return [];
    return list.flatMap((asked): Found[] => {
      const url = objectOf(jsonOf(asked))['templateServer'];
      const why = 'a host that is being installed fetches its kickstart from there, past the load balancer';
      const mend = `on ${asked.node}: foreman-installer --foreman-proxy-template-url http://${placeOf(asked.question.service, survey)}; then Refresh it in Foreman`;
      const what =
        url === undefined
          ? `/unattended/templateServer ${insteadOf(asked, 'a templateServer')}`
          : elsewhere('templateServer', url, asked, survey);
      return what === undefined ? [] : [{ ...fault('templates', asked), what, why, mend }];
    });
  });
}

export function registry(survey: Survey): Found[] {
  return sameQuestions(answersTo(survey, 'registry')).flatMap((list) => {
    const [first] = list;
    const isOne = (asked: Asked): boolean => statusOf(asked) === 401 || statusOf(asked) === 200;
    if (!list.some(isOne) && first?.question.expect === undefined) return [];
    return list.flatMap((asked): Found[] => (isOne(asked) ? strangeRealm(asked, survey) : [noRegistry(asked)]));
  });
}

function noRegistry(asked: Asked): Found {
  return {
    ...fault('registry', asked),
    what: `/v2/ ${insteadOf(asked, 'a registry')}`,
    why: 'podman on the clients that are sent to it gets no image',
    mend: `on ${asked.node}: systemctl status httpd 'pulpcore*'; journalctl -u 'pulpcore*'`,
  };
}

function strangeRealm(asked: Asked, survey: Survey): Found[] {
  const realm = realmOf(asked);
  const what = realm === undefined ? undefined : elsewhere('the realm of /v2/', realm, asked, survey);
  if (what === undefined) return [];
  const { services, profile } = survey.config;
  const smartProxy = services.find((service) => roleOf(service, profile) === 'smart-proxy');
  const why =
    'podman fetches its token from there: the token is good on that node only, and the name is not that of the load balancer';
  const mend = `on ${asked.node}: foreman-installer --foreman-proxy-registration-url https://${placeOf(smartProxy, survey)} (the registry's name follows it)`;
  return [{ ...fault('registry', asked), what, why, mend }];
}

export function registration(survey: Survey): Found[] {
  return answersTo(survey, 'settings').flatMap((asked): Found[] => {
    const settings = objectOf(objectOf(objectOf(jsonOf(asked))['registration'])['settings']);
    const url = settings['registration_url'];
    if (url === undefined) return [];
    const what = elsewhere('registration_url', url, asked, survey);
    if (what === undefined) return [];
    const why =
      'Foreman tells the nodes of a group by this name: a node with another one is not of the group, and hosts registered by it dial it alone';
    const mend = `on ${asked.node}: foreman-installer --foreman-proxy-registration-url https://${placeOf(asked.question.service, survey)}; then Refresh it in Foreman`;
    return [{ ...fault('registration', asked), what, why, mend }];
  });
}

/** In words where a URL doesn't lead to the load balancer's name and a port of this service. */
function elsewhere(what: string, url: unknown, asked: Asked, { config }: Survey): string | undefined {
  const { name } = config;
  const place = placeIn(url);
  if (place === undefined) return `${what} is ${printable(JSON.stringify(url) ?? 'missing', 100)}, which is no URL`;
  if (name === undefined) return undefined;
  if (place.host !== name.toLowerCase()) return `${what} is ${printable(String(url), 100)}: not the name ${name}`;
  const ports = asked.question.service.listen.flatMap((listen) => (listen.kind === 'tcp' ? [listen.port] : []));
  if (ports.length === 0 || ports.includes(place.port)) return undefined;
  return `${what} is ${printable(String(url), 100)}: not the port ${ports[0]} that ${asked.question.service.name} listens on`;
}

/** Where clients dial a service. What only a socket of systemd knows is most likely the nodes' port. */
function placeOf(service: ServiceConfig | undefined, { config }: Survey): string {
  const name = config.name ?? 'LB-NAME';
  const port = service?.listen.find(isTcp)?.port ?? service?.backends[0]?.port;
  return port === undefined ? name : formatHostPort(name, port);
}

function fault(check: Check, asked: Asked): Omit<Found, 'what' | 'why' | 'mend'> {
  return { check, severity: 'error', node: asked.node ?? null, about: [asked] };
}
