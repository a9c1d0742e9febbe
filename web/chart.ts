// A small chart of the last minutes: a line or two without axes, with its last value as text beside it and a sentence for
// those who don't see it. Drawn by uPlot.

import uPlot from 'uplot';
import type { Point } from '../src/observe/history.ts';
import { el, setAttribute, setText } from './dom.ts';
import { bytes, count, rate } from './format.ts';
import { LENGTH } from './past.ts';

interface Kind {
  readonly title: string;
  /** Which numbers of a point, and the colour of each. */
  readonly lines: readonly (readonly [index: 0 | 1 | 2 | 3, color: string])[];
  readonly text: (value: number) => string;
  /** Before each value, where there are two. */
  readonly signs: readonly string[];
}

export const KINDS = {
  sessions: { title: 'sessions', lines: [[0, '--line-1']], text: count, signs: [''] },
  rate: { title: 'new a second', lines: [[1, '--line-2']], text: rate, signs: [''] },
  bytes: {
    title: 'bytes a second',
    lines: [
      [3, '--line-3'],
      [2, '--line-4'],
    ],
    text: bytes,
    signs: ['out ', 'in '],
  },
} as const satisfies Record<string, Kind>;
export type ChartKind = keyof typeof KINDS;

/** A young process shows its first minutes over the whole width, but never less than one. */
const LEAST = 20;
const X = Array.from({ length: LENGTH }, (_, i) => i);
const redraws = new Set<SmallChart>();

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const chart of redraws) chart.redraw();
});

export class SmallChart {
  readonly element: HTMLElement;
  readonly title: string;
  readonly #kind: Kind;
  readonly #about: string;
  readonly #value: HTMLElement;
  readonly #plot: HTMLElement;
  readonly #observer: ResizeObserver;
  #uplot: uPlot | undefined;
  #data: uPlot.AlignedData;
  #shown = LEAST;

  /** `about`: whose figures these are, for the sentence. */
  constructor(kind: ChartKind, about: string) {
    this.#kind = KINDS[kind];
    this.title = this.#kind.title;
    this.#about = about;
    this.#value = el('span', { class: 'chart-value' });
    this.#plot = el('span', { class: 'chart-plot', role: 'img' });
    this.element = el('div', { class: `chart chart-${kind}` }, this.#value, this.#plot);
    this.#data = [X, ...this.#kind.lines.map(() => X.map(() => null))];
    this.#observer = new ResizeObserver(() => this.#fit());
    this.#observer.observe(this.#plot);
    redraws.add(this);
  }

  update(points: readonly Point[]): void {
    const { lines, signs, text } = this.#kind;
    const missing = LENGTH - points.length;
    this.#shown = Math.max(LEAST, points.length);
    this.#data = [X, ...lines.map(([index]) => X.map((i) => points[i - missing]?.[index] ?? null))];
    const last = points.at(-1) ?? [0, 0, 0, 0];
    setText(this.#value, lines.map(([index], i) => `${signs[i]}${text(last[index])}`).join('\n'));
    const most = Math.max(0, ...points.flatMap((point) => lines.map(([index]) => point[index])));
    setAttribute(
      this.#plot,
      'aria-label',
      `${this.#about}, ${this.#kind.title}, last 10 minutes, at most ${text(most)}`,
    );
    this.#uplot?.setData(this.#data);
  }

  redraw(): void {
    this.#uplot?.redraw(false);
  }

  close(): void {
    redraws.delete(this);
    this.#observer.disconnect();
    this.#uplot?.destroy();
  }

  #fit(): void {
    const size = { width: this.#plot.clientWidth, height: this.#plot.clientHeight };
    if (size.width === 0 || size.height === 0) return;
    if (this.#uplot === undefined) this.#uplot = this.#create(size);
    else if (this.#uplot.width !== size.width || this.#uplot.height !== size.height) this.#uplot.setSize(size);
  }

  #create(size: { width: number; height: number }): uPlot {
    const { lines } = this.#kind;
    return new uPlot(
      {
        ...size,
        padding: [2, 1, 2, 1],
        cursor: { show: false },
        legend: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: {
          x: { time: false, range: () => [LENGTH - this.#shown, LENGTH - 1] },
          y: { range: (_plot, _min, max) => [0, top(max)] },
        },
        series: [
          {},
          ...lines.map(
            ([, color], i): uPlot.Series => ({
              stroke: () => colorOf(color),
              ...(i === 0 ? { fill: () => colorOf(`${color}-fill`) } : {}),
              width: 1.5,
              points: { show: false },
            }),
          ),
        ],
      },
      this.#data,
      this.#plot,
    );
  }
}

/** Nothing happening is a line at the bottom, not one through the middle. */
function top(max: number | null): number {
  return max === null || max <= 0 ? 1 : max * 1.05;
}

function colorOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name);
}
