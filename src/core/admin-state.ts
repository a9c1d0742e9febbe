// Who decides what is wanted of a node: the file or the operator. The operator's word stands until the file itself says
// something new of that node; a word that says what the file says anyway is none. Pure.

/** What the operator said of a node, for one service or for all. */
export interface Word<T> {
  readonly node: string;
  /** undefined: the whole machine, in every service. */
  readonly service: string | undefined;
  readonly value: T;
  /** What the file said when the word was given. */
  readonly file: T;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** The word that counts for a node in a service: that on this service before that on the whole machine. */
export function wordFor<T>(words: readonly Word<T>[], node: string, service: string): Word<T> | undefined {
  const of = words.filter((word) => word.node === node);
  return of.find((word) => word.service === service) ?? of.find((word) => word.service === undefined);
}

export interface Saying<T> {
  readonly node: string;
  /** undefined: the whole machine; what was said of single services before is forgotten. */
  readonly services: readonly string[] | undefined;
  readonly value: T;
  /** What the file says of the node now. */
  readonly file: T;
  readonly at: number;
}

/** All words after a new one. */
export function say<T>(words: readonly Word<T>[], saying: Saying<T>): readonly Word<T>[] {
  const { node, services, value, file, at } = saying;
  if (services === undefined) {
    const others = words.filter((word) => word.node !== node);
    return value === file ? others : [...others, { node, service: undefined, value, file, since: at }];
  }
  const others = words.filter(
    (word) => word.node !== node || word.service === undefined || !services.includes(word.service),
  );
  const whole = others.find((word) => word.node === node && word.service === undefined);
  const without = whole?.value ?? file;
  return value === without
    ? others
    : [...others, ...services.map((service) => ({ node, service, value, file, since: at }))];
}

/**
 * The words that a file leaves standing. `fileOf`: what it says of a node; undefined: the node is not in it, and would be
 * new if it came back.
 */
export function standing<T>(
  words: readonly Word<T>[],
  fileOf: (node: string) => T | undefined,
  serves: (node: string, service: string) => boolean,
): readonly Word<T>[] {
  return words.filter(
    ({ node, service, file }) => fileOf(node) === file && (service === undefined || serves(node, service)),
  );
}
