// All commands, in the order that help shows them.

import { check } from './check.ts';
import type { Command } from './command.ts';
import { completionOf } from './completion.ts';
import { doctor } from './doctor.ts';
import { drain } from './drain.ts';
import { importCommand } from './import.ts';
import { maint } from './maint.ts';
import { plan } from './plan.ts';
import { ready } from './ready.ts';
import { reload } from './reload.ts';
import { run } from './run.ts';
import { sessions } from './sessions.ts';
import { show } from './show.ts';
import { status } from './status.ts';
import { upgrade } from './upgrade.ts';
import { version } from './version.ts';
import { where } from './where.ts';

const WORKING: readonly Command[] = [
  run,
  check,
  show,
  doctor,
  importCommand,
  status,
  plan,
  reload,
  drain,
  ready,
  maint,
  sessions,
  where,
  upgrade,
  version,
];

export const COMMANDS: readonly Command[] = [...WORKING, completionOf(WORKING)];
