// Where an episode or a soak takes place: three nodes, the program on a file before them, and how clients reach it. Starts
// and ends them; breaks nothing.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificatesIn } from './certificates.ts';
import type { Target } from './client.ts';
import { ConfigFile } from './config-file.ts';
import { setClock } from './faults/balancer.ts';
import { NodeProcess } from './node-process.ts';
import type { EpisodePlan } from './plan.ts';
import { Program } from './program.ts';
import { CA_NODE, fileText, KINDS, LB_ADDRESS, LB_NAME, NODES, type NodeName, nodeAddress } from './services.ts';
import { clockEnvironment, mountSmallDisk, smallDisk } from './surroundings.ts';

export interface Stage {
  readonly program: Program;
  readonly nodes: ReadonlyMap<NodeName, NodeProcess>;
  readonly file: ConfigFile;
  target(service: string): Target;
  /** Where the log stands when it is no pipe. */
  readonly logFile: string | undefined;
  start(): Promise<void>;
  /** Ends whatever still runs. */
  close(): Promise<void>;
}

export function openStage(
  plan: Pick<EpisodePlan, 'kind' | 'relay' | 'surroundings'>,
  directory: string,
  certificateFolder: string,
): Stage {
  const { surroundings } = plan;
  const rows = KINDS[plan.kind];
  const certificates = certificatesIn(certificateFolder);
  const { authority, wrong } = certificates;
  const ports = rows.filter((row) => row.listen === row.port);
  const nodes = new Map(
    NODES.map((name) => {
      const who = { name, address: nodeAddress(name), signs: name === CA_NODE, lbName: LB_NAME };
      return [name, new NodeProcess({ ...who, ports, authority, right: certificates.of(name), wrong })] as const;
    }),
  );
  const trusted = readFileSync(authority, 'utf8');
  const file = new ConfigFile(join(directory, 'chargehand.yaml'), (state, remark) =>
    fileText(plan, directory, state, remark),
  );
  const disk = smallDisk(directory);
  mkdirSync(disk.place);
  if (surroundings.smallDisk) mountSmallDisk(disk.place);
  if (surroundings.steppedClock) setClock(directory, 0);
  const logFile = surroundings.smallDisk ? disk.log : undefined;
  const program = new Program({
    file: file.path,
    socket: join(directory, 'admin.sock'),
    descriptors: surroundings.descriptors,
    env: surroundings.steppedClock ? clockEnvironment(directory) : {},
    log: logFile ?? join(directory, 'log'),
    logIs: logFile === undefined ? 'pipe' : 'file',
  });
  return {
    program,
    nodes,
    logFile,
    file,
    target(service) {
      const row = rows.find(({ name }) => name === service);
      return { address: LB_ADDRESS, port: row?.listen ?? 0, authority: row?.tls === true ? trusted : undefined };
    },
    async start() {
      await Promise.all([...nodes.values()].map((node) => node.start()));
      await program.start();
    },
    async close() {
      await program.stop(0).catch(() => {});
      await Promise.all([...nodes.values()].map((node) => node.kill()));
    },
  };
}
