// The layers of the house, kept true by reading the import lines: who may import whom, and who owns each outside thing.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import t from 'tap';

const SRC = join(import.meta.dirname, '..', 'src');

/** From top to bottom: a file may import from its own layer and from those below it. */
const LAYERS: readonly (readonly string[])[] = [
  ['main.ts', 'index.ts'],
  ['cli/', 'create-load-balancer.ts'],
  ['control/', 'doctor/'],
  ['load-balancer.ts'],
  ['service/'],
  ['health/', 'net/', 'observe/'],
  ['balancer/', 'config/'],
  ['core/'],
  ['errors.ts'],
];

/** Outside things and the only places that may import them. */
const OWNERS: readonly (readonly [thing: RegExp, owners: readonly string[]])[] = [
  [/^node:(net|dns)(\/|$)/, ['net/']],
  [/^node:tls$/, ['health/probes/']],
  [/^node:https?$/, ['control/']],
  [
    /^node:fs(\/|$)/,
    [
      'main.ts',
      'config/load.ts',
      'control/state-file.ts',
      'control/admin-socket.ts',
      'control/page-assets.ts',
      'cli/',
      'control/descriptor-limit.ts',
      'control/kernel.ts',
      'health/probes/',
      'net/inherited-sockets.ts',
      'net/unix-socket.ts',
      'net/lookup.ts',
      'observe/',
    ],
  ],
  [/^node:child_process$/, ['control/notify.ts', 'control/upgrade.ts']],
  [/^yaml$/, ['config/']],
  [/^ajv/, ['config/validate.ts', 'config/schema']],
  [/^(pino|pino-pretty|prom-client)$/, ['observe/']],
  [/^commander$/, ['cli/']],
];

interface Import {
  readonly file: string;
  readonly from: string;
  /** Erased by the compiler: bends no layer at run time, but is still a word of another room. */
  readonly typeOnly: boolean;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? sources(join(folder, entry.name))
      : entry.name.endsWith('.ts')
        ? [join(folder, entry.name)]
        : [],
  );
}

const files = sources(SRC);
const text = new Map(files.map((file) => [relative(SRC, file), readFileSync(file, 'utf8')]));
const imports: Import[] = [...text].flatMap(([file, source]) =>
  [...source.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)].map((match) => ({
    file,
    typeOnly: match[1] !== undefined,
    from: match[2] ?? '',
  })),
);

function layerOf(file: string): number {
  return LAYERS.findIndex((layer) =>
    layer.some((place) => file === place || (place.endsWith('/') && file.startsWith(place))),
  );
}

t.test('every file stands in a layer', async (t) => {
  t.ok(files.length > 20, 'the sources were found');
  t.ok(imports.length > 100, 'the import lines were read');
  for (const file of text.keys()) t.not(layerOf(file), -1, file);
});

t.test('a file imports only from its own layer and those below', async (t) => {
  for (const { file, from } of imports) {
    if (!from.startsWith('.')) continue;
    const target = normalize(join(dirname(file), from));
    t.ok(layerOf(target) >= layerOf(file), `${file} imports ${target}`);
  }
});

t.test('rooms of one layer do not reach into each other, but for what is written here', async (t) => {
  // A room → the rooms beside it that it may import.
  const beside: Readonly<Record<string, readonly string[]>> = {
    health: [],
    net: [],
    observe: [],
    balancer: ['config'],
    config: [],
    // The running service asks the doctor now and then.
    control: ['doctor'],
    doctor: [],
  };
  for (const { file, from } of imports) {
    if (!from.startsWith('.')) continue;
    const [room] = file.split('/');
    const [target] = normalize(join(dirname(file), from)).split('/');
    if (room === undefined || target === undefined || room === target || !file.includes('/')) continue;
    const sameLayer = layerOf(`${room}/`) === layerOf(`${target}/`);
    if (sameLayer && layerOf(`${room}/`) !== -1) t.ok(beside[room]?.includes(target), `${file} imports ${from}`);
  }
});

t.test('every outside thing has its owners', async (t) => {
  for (const { file, from } of imports) {
    for (const [thing, owners] of OWNERS) {
      if (!thing.test(from)) continue;
      t.ok(
        owners.some((owner) => file.startsWith(owner)),
        `${file} imports ${from}, which belongs to ${owners.join(', ')}`,
      );
    }
  }
});

t.test('core and balancer import no node: module', async (t) => {
  for (const { file, from } of imports) {
    if (/^(core|balancer)\//.test(file)) t.notOk(from.startsWith('node:'), `${file} imports ${from}`);
  }
});

t.test('only main.ts touches process', async (t) => {
  for (const [file, source] of text) {
    if (file === 'main.ts') continue;
    t.notMatch(
      source.replace(/^\s*(\/\/|\*|\/\*).*$/gm, ''),
      /\bprocess\.\w|globalThis\.process|from 'node:process'/,
      file,
    );
  }
});

t.test('only core/clock.ts keeps time', async (t) => {
  for (const [file, source] of text) {
    if (file === 'core/clock.ts') continue;
    const code = source.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
    t.notMatch(code, /\b(setTimeout|setInterval|Date\.now|performance\.now)\(/, file);
  }
});
