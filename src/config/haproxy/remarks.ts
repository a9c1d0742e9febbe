// What an import has to say besides the YAML, by line of haproxy.cfg: what was lost, what to know, what is better now.
// Collects and orders; knows no keyword.

import { printable } from '../../core/printable.ts';

/** `lost`: it matters and is not carried over. `note`: has another place, or none is needed. `better`: not to be missed. */
export type RemarkKind = 'lost' | 'note' | 'better';

export interface Remark {
  readonly kind: RemarkKind;
  /** Of haproxy.cfg; 0: the whole file. */
  readonly line: number;
  readonly message: string;
}

interface Group {
  readonly kind: RemarkKind;
  readonly line: number;
  readonly words: Map<string, number>;
}

/** Words of the file stand in remarks; they are shown harmless and never long. */
const LONGEST = 400;
/** More words of one group than this are counted, not named. */
const MOST_NAMED = 12;

export class Remarks {
  readonly #remarks = new Map<string, Remark>();
  readonly #groups = new Map<string, Group>();

  lost(line: number, message: string): void {
    this.#add({ kind: 'lost', line, message });
  }

  note(line: number, message: string): void {
    this.#add({ kind: 'note', line, message });
  }

  better(line: number, message: string): void {
    this.#add({ kind: 'better', line, message });
  }

  /** Many lines to which one sentence applies become one remark, at the first of them. */
  grouped(sentence: string, line: number, word: string, kind: 'note' | 'better' = 'note'): void {
    const group = this.#groups.get(sentence) ?? { kind, line, words: new Map() };
    this.#groups.set(sentence, group);
    const shown = printable(word, 60);
    if (!group.words.has(shown)) group.words.set(shown, line);
  }

  get list(): readonly Remark[] {
    const groups = [...this.#groups].map(([sentence, { kind, line, words }]): Remark => {
      const named = [...words].slice(0, MOST_NAMED).map(([word, at]) => (at === line ? word : `${word} (line ${at})`));
      const more = words.size > MOST_NAMED ? ` and ${words.size - MOST_NAMED} more` : '';
      return { kind, line, message: `${named.join(', ')}${more}: ${sentence}` };
    });
    return [...this.#remarks.values(), ...groups].sort((a, b) => a.line - b.line);
  }

  get lostAny(): boolean {
    return [...this.#remarks.values()].some(({ kind }) => kind === 'lost');
  }

  /** A line of `defaults` is read once for each proxy, and remarked once. */
  #add(remark: Remark): void {
    const message = printable(remark.message, LONGEST);
    this.#remarks.set(`${remark.line} ${remark.kind} ${message}`, { ...remark, message });
  }
}
