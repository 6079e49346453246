/** Margins against cost as a picture: how many rooms had to wait, on a logarithmic scale, over what the fleet cost. SVG. */
import { marginText, type FrontierPoint } from './frontier.ts';
import { GOAL, percent } from './report.ts';

const WIDTH = 960;
const HEIGHT = 560;
const LEFT = 88;
const RIGHT = 40;
const TOP = 84;
const BOTTOM = 64;
/** Where none waited, which has no logarithm: below the least share that is drawn. */
const NONE = 40;
/** From there to the axis: room for labels. */
const FOOT = 26;

const STYLE = `
    .sheet { fill: #ffffff; }
    text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328; }
    .title { font-size: 16px; font-weight: 600; }
    .note, .tick { font-size: 12px; fill: #59636e; }
    .middle { text-anchor: middle; }
    .end { text-anchor: end; }
    .grid { stroke: #d1d9e0; stroke-width: 1; }
    .goal { fill: #1a7f37; fill-opacity: 0.12; }
    .goal-text { fill: #1a7f37; }
    .spread { fill: #0969da; stroke: #0969da; }
    .packed { fill: #bc4c00; stroke: #bc4c00; }
    .line { fill: none; stroke-width: 1.5; }
    .given { fill: none; stroke-width: 2; }
    @media (prefers-color-scheme: dark) {
      .sheet { fill: #0d1117; }
      text { fill: #e6edf3; }
      .note, .tick { fill: #9198a1; }
      .grid { stroke: #2f353d; }
      .goal { fill: #3fb950; }
      .goal-text { fill: #3fb950; }
      .spread { fill: #4493f8; stroke: #4493f8; }
      .packed { fill: #db6d28; stroke: #db6d28; }
      .line, .given { fill: none; }
    }`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Coordinates to a tenth: the same results make the same file. */
const at = (value: number): string => String(Math.round(value * 10) / 10);
const late = ({ result }: FrontierPoint): number => 1 - result.at_once_share;

interface Scale {
  x: (over: number) => number;
  y: (late: number) => number;
  x_ticks: number[];
  y_ticks: number[];
}

function scaleOf(points: readonly FrontierPoint[]): Scale {
  const most = Math.max(GOAL.over, ...points.map(({ result }) => result.over));
  const step = [0.05, 0.1, 0.25, 0.5].find((step) => most / step < 9) ?? 1;
  const steps = Math.ceil((most + 0.01) / step);
  const shares = [1 - GOAL.at_once, ...points.map(late).filter((share) => share > 0)];
  const top = Math.ceil(Math.log10(Math.max(...shares)));
  const bottom = Math.min(top - 1, Math.floor(Math.log10(Math.min(...shares))));
  const floor = HEIGHT - BOTTOM - FOOT - NONE;
  return {
    x: (over) => LEFT + (over / (steps * step)) * (WIDTH - LEFT - RIGHT),
    y: (share) =>
      share === 0
        ? HEIGHT - BOTTOM - FOOT
        : TOP + ((top - Math.log10(share)) / (top - bottom)) * (floor - TOP),
    x_ticks: Array.from({ length: steps + 1 }, (_, i) => i * step),
    y_ticks: [...Array.from({ length: top - bottom + 1 }, (_, i) => 10 ** (top - i)), 0],
  };
}

function drawn(point: FrontierPoint, { x, y }: Scale): string[] {
  const [px, py] = [x(point.result.over), y(late(point))];
  const { placement, upscale, given } = point;
  const label = given ? 'as set' : `${upscale.percent} %`;
  // One placement above its points, the other below, so that they can be told apart where they meet.
  const above = placement === 'spread' || given;
  const circle = given
    ? `  <circle class="${placement} given" cx="${at(px)}" cy="${at(py)}" r="7"/>`
    : `  <circle class="${placement}" cx="${at(px)}" cy="${at(py)}" r="4"/>`;
  return [
    circle,
    `  <text class="tick ${above ? '' : 'end'}" x="${at(px + (above ? 8 : -8))}" y="${at(py + (given ? -22 : above ? -7 : 16))}">${label}</text>`,
  ];
}

function line(placement: 'spread' | 'packed', points: readonly FrontierPoint[], { x, y }: Scale): string {
  const of = points.filter((point) => point.placement === placement && !point.given);
  const path = of.map((point) => `${at(x(point.result.over))},${at(y(late(point)))}`).join(' ');
  return `  <polyline class="${placement} line" points="${path}"/>`;
}

const described = (point: FrontierPoint): string =>
  `    ${point.placement} ${marginText(point.upscale)}: ${percent(late(point), 3)} waited, ${percent(point.result.over, 1)} over the minimum.`;

/** The picture. The same points make the same text. `about`: which days. Throws a `RangeError` without a point. */
export function frontierChart(points: readonly FrontierPoint[], about: string): string {
  if (points.length === 0) throw new RangeError('there is nothing to draw');
  const scale = scaleOf(points);
  const { x, y, x_ticks, y_ticks } = scale;
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  const goal_top = y(1 - GOAL.at_once);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title description">`,
    '  <title id="title">Rooms that had to wait, over what the fleet cost</title>',
    '  <desc id="description">',
    ...points.map(described),
    '  </desc>',
    `  <style>${STYLE}`,
    '  </style>',
    `  <rect class="sheet" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    '  <text class="title" x="24" y="32">Rooms that had to wait, over what the fleet cost</text>',
    `  <text class="note" x="24" y="52">${escaped(about)}; beside each point the part of UPSCALE_MARGIN. Less is better, both ways.</text>`,
    `  <rect class="goal" x="${LEFT}" y="${at(goal_top)}" width="${at(x(GOAL.over) - LEFT)}" height="${at(bottom - goal_top)}"/>`,
    `  <text class="goal-text" x="${LEFT + 8}" y="${at(goal_top + 18)}">goal</text>`,
    ...x_ticks.flatMap((tick) => [
      `  <line class="grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${TOP}" y2="${bottom}"/>`,
      `  <text class="tick middle" x="${at(x(tick))}" y="${bottom + 18}">${Math.round(tick * 100)} %</text>`,
    ]),
    ...y_ticks.flatMap((tick) => [
      `  <line class="grid" x1="${LEFT}" x2="${right}" y1="${at(y(tick))}" y2="${at(y(tick))}"/>`,
      `  <text class="tick end" x="${LEFT - 8}" y="${at(y(tick) + 4)}">${tick === 0 ? 'none' : `${Number((tick * 100).toPrecision(1))} %`}</text>`,
    ]),
    `  <text class="note middle" x="${at((LEFT + right) / 2)}" y="${HEIGHT - 16}">task-hours above the clairvoyant minimum</text>`,
    ...(['spread', 'packed'] as const).flatMap((placement, i) => [
      `  <circle class="${placement}" cx="${right - 150}" cy="${28 + 20 * i}" r="4"/>`,
      `  <text x="${right - 138}" y="${32 + 20 * i}">PLACEMENT ${placement}</text>`,
      line(placement, points, scale),
    ]),
    ...points.flatMap((point) => drawn(point, scale)),
    '</svg>',
    '',
  ].join('\n');
}
