// Which of several answers is the usual one, and who gives another. Pure.

import type { Asked } from './survey.ts';

export interface Group {
  readonly gist: string;
  readonly asked: readonly Asked[];
}

export interface Comparison {
  /** What more than half say; undefined: nothing is usual. */
  readonly usual: Group | undefined;
  /** All the others; all there are, where nothing is usual and they differ. Empty: all say the same. */
  readonly odd: readonly Group[];
}

/** `gist`: what is compared of an answer; undefined: it says nothing. */
export function compare(asked: readonly Asked[], gist: (asked: Asked) => string | undefined): Comparison {
  const groups = new Map<string, Asked[]>();
  for (const one of asked) {
    const text = gist(one);
    if (text !== undefined) groups.set(text, [...(groups.get(text) ?? []), one]);
  }
  const all = [...groups].map(([text, members]) => ({ gist: text, asked: members }));
  const voters = all.reduce((sum, group) => sum + group.asked.length, 0);
  const usual = all.find((group) => group.asked.length * 2 > voters);
  return { usual, odd: all.filter((group) => group !== usual) };
}

/** In lists of the same thing for each: by service and path, in the order they came. */
export function sameQuestions(asked: readonly Asked[]): readonly (readonly Asked[])[] {
  const lists = new Map<string, Asked[]>();
  for (const one of asked) {
    const key = `${one.question.service.name} ${one.question.path}`;
    lists.set(key, [...(lists.get(key) ?? []), one]);
  }
  return [...lists.values()];
}

export function namesOf(asked: readonly Asked[]): readonly string[] {
  return [...new Set(asked.map(({ node }) => node ?? 'the load balancer'))];
}
