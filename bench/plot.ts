// Line charts as SVG: a grid of panels, a line a peer, its spread as a band. Text in, text out.

import type { Spread } from './statistics.ts';

export interface Point extends Spread {
  readonly x: number;
}

export interface Line {
  readonly title: string;
  readonly points: readonly Point[];
}

export interface Panel {
  readonly title: string;
  /** What is counted along the foot, such as `sessions`. */
  readonly foot: string;
  readonly unit: string;
  /** Of the foot; left out: logarithmic, with a mark for each point. */
  readonly scale?: 'linear';
  readonly lines: readonly Line[];
}

const WIDTH = 420;
const HEIGHT = 260;
const MARGIN = { left: 52, right: 16, top: 40, bottom: 44 };
const COLORS = ['#0b6bcb', '#c4501b', '#5b7f1c', '#7a3fa0'];

const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const at = (value: number) => value.toFixed(1);

/** A round number at or above `value`, whose quarters are round as well. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

function text(x: number, y: number, anchor: 'start' | 'middle' | 'end', content: string, more = ''): string {
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}"${more}>${escaped(content)}</text>`;
}

function drawPanel(panel: Panel): string {
  const points = panel.lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map((point) => point.x))].toSorted((a, b) => a - b);
  // Costs begin at zero: a line that looks flat is flat.
  const top = roundUp(Math.max(...points.map((point) => point.max), 1e-9));
  const [first = 1, last = 1] = [xs.at(0), xs.at(-1)];
  const inner = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const along = (value: number) => (panel.scale === 'linear' ? value - first : Math.log(value / first));
  const span = along(last) || 1;
  const x = (value: number) => MARGIN.left + (inner.width * along(value)) / span;
  const y = (value: number) => MARGIN.top + inner.height * (1 - value / top);
  const floor = MARGIN.top + inner.height;

  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at(y(share * top))}" y2="${at(y(share * top))}" stroke="#ddd"/>`,
    text(MARGIN.left - 6, y(share * top) + 4, 'end', String(Number((share * top).toPrecision(3)))),
  ]);
  const quarters = [0, 0.25, 0.5, 0.75, 1].map((share) => Number((first + share * (last - first)).toPrecision(2)));
  const feet = (panel.scale === 'linear' ? quarters : xs).map((value) =>
    text(x(value), floor + 16, 'middle', String(value)),
  );
  const lines = panel.lines.map((line, index) => {
    const color = COLORS[index % COLORS.length];
    const path = line.points.map((p) => `${at(x(p.x))},${at(y(p.median))}`).join(' ');
    const upper = line.points.map((p) => `${at(x(p.x))},${at(y(p.max))}`);
    const lower = line.points.map((p) => `${at(x(p.x))},${at(y(p.min))}`).reverse();
    return [
      `<polygon points="${[...upper, ...lower].join(' ')}" fill="${color}" opacity="0.15"/>`,
      `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`,
      ...line.points.map((p) => `<circle cx="${at(x(p.x))}" cy="${at(y(p.median))}" r="2.5" fill="${color}"/>`),
      text(MARGIN.left + 8 + index * 120, MARGIN.top - 6, 'start', line.title, ` fill="${color}" font-weight="bold"`),
    ].join('\n');
  });
  return [
    text(MARGIN.left, 18, 'start', `${panel.title} (${panel.unit})`, ' font-size="13" font-weight="bold"'),
    ...grid,
    ...feet,
    text(MARGIN.left + inner.width / 2, floor + 34, 'middle', panel.foot),
    ...lines,
  ].join('\n');
}

/** All panels, `columns` in a row. */
export function plot(title: string, panels: readonly Panel[], columns: number): string {
  const size = { width: WIDTH * columns, height: HEIGHT * Math.ceil(panels.length / columns) };
  const placed = panels.map((panel, index) => {
    const place = `${WIDTH * (index % columns)},${HEIGHT * Math.floor(index / columns)}`;
    return `<g transform="translate(${place})">\n${drawPanel(panel)}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...placed,
    '</svg>',
    '',
  ].join('\n');
}
