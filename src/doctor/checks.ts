// All checks, in the order their findings are shown: from what clients notice first to what only differs.

import { authorityExpiry } from './checks/authority-expiry.ts';
import { balancer } from './checks/balancer.ts';
import { caFile } from './checks/ca-file.ts';
import { certificateChain, certificateExpiry, certificateName, certificateUsage } from './checks/certificates.ts';
import { dns } from './checks/dns.ts';
import { failedFeatures, features } from './checks/features.ts';
import { ownServices } from './checks/own-services.ts';
import { disk, pulp } from './checks/pulp.ts';
import { puppetCa, puppetserver } from './checks/puppet.ts';
import { address, reachable } from './checks/reachable.ts';
import { repositories } from './checks/repositories.ts';
import { registration, registry, templates } from './checks/urls.ts';
import { pulpVersion, version } from './checks/versions.ts';
import type { Found } from './finding.ts';
import type { Survey } from './survey.ts';

/** What is wrong, as one check sees it. Pure. */
export type CheckOf = (survey: Survey) => readonly Found[];

export const ALL_CHECKS: readonly CheckOf[] = [
  dns,
  address,
  reachable,
  certificateChain,
  certificateName,
  certificateExpiry,
  authorityExpiry,
  certificateUsage,
  caFile,
  features,
  failedFeatures,
  registration,
  templates,
  registry,
  pulp,
  disk,
  puppetserver,
  puppetCa,
  ownServices,
  balancer,
  repositories,
  version,
  pulpVersion,
];
