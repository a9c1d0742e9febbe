// The generation of a yum repository, read from its repomd.xml: the revision and the checksums of what it lists. Takes the
// few things it needs by pattern, of a text that may be anything; no XML is interpreted.

export interface Generation {
  /** Equal for repositories with the same metadata. */
  readonly id: string;
  /** As it is written, for people; empty: there is none. */
  readonly revision: string;
  /** Greater: newer. undefined: it doesn't say. */
  readonly time: number | undefined;
}

const REVISION = /<revision>\s*([\w.:-]{1,64})\s*<\/revision>/;
const TIMESTAMP = /<timestamp>\s*(\d{1,12})(?:\.\d{1,9})?\s*<\/timestamp>/g;
const CHECKSUM = /<checksum type="\w{1,16}">\s*([0-9a-f]{32,128})\s*<\/checksum>/g;

/** undefined: it is no repomd.xml. */
export function generationOf(text: string): Generation | undefined {
  if (!/<repomd[\s>]/.test(text)) return undefined;
  const checksums = [...text.matchAll(CHECKSUM)].map(([, sum = '']) => sum).sort();
  const times = [...text.matchAll(TIMESTAMP)].map(([, time]) => Number(time));
  const revision = REVISION.exec(text)?.[1] ?? '';
  const time = /^\d{1,12}$/.test(revision) ? Number(revision) : times.length > 0 ? Math.max(...times) : undefined;
  return { id: `${revision} ${checksums.join(' ')}`, revision, time };
}
