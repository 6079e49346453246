/** The results as a picture: CPU time for each delivery, on a logarithmic scale, by scenario. SVG without any font in it. */
import { figure } from '../table.ts';
import type { Row } from './rows.ts';
import type { Scenario } from './scenarios.ts';
import { BASELINE, OURS, OURS_V1 } from './systems.ts';

const WIDTH = 960;
const LEFT = 190;
const RIGHT = 80;
const TOP = 64;
const BAR = 18;
const GAP = 4;
const GROUP_HEAD = 34;
const GROUP_GAP = 14;
const FOOT = 44;

const STYLE = `
    .sheet { fill: #ffffff; }
    text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328; }
    .title { font-size: 16px; font-weight: 600; }
    .head { font-weight: 600; }
    .name { text-anchor: end; }
    .ours-name { text-anchor: end; font-weight: 600; }
    .note, .tick { font-size: 12px; fill: #59636e; }
    .tick { text-anchor: middle; }
    .grid { stroke: #d1d9e0; stroke-width: 1; }
    .ours { fill: #0969da; }
    .baseline { fill: #bc4c00; }
    .peer { fill: #818b98; }
    @media (prefers-color-scheme: dark) {
      .sheet { fill: #0d1117; }
      text { fill: #e6edf3; }
      .note, .tick { fill: #9198a1; }
      .grid { stroke: #2f353d; }
      .ours { fill: #4493f8; }
      .baseline { fill: #db6d28; }
      .peer { fill: #656c76; }
    }`;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Coordinates to a tenth: the same results make the same file. */
const at = (value: number): string => String(Math.round(value * 10) / 10);

interface Bar {
  system: string;
  us: number;
}

interface Group {
  head: string;
  bars: readonly Bar[];
}

function groupsOf(rows: readonly Row[], scenarios: readonly Scenario[]): Group[] {
  return scenarios.flatMap(({ name, rooms, members, size, in_flight }) => {
    const bars = rows
      .filter((row) => row.scenario === name && !row.system.endsWith(' TLS'))
      .flatMap(({ system, cpu_us_per_delivery: us }) => (us === null || us <= 0 ? [] : [{ system, us }]))
      .toSorted((a, b) => a.us - b.us);
    const bytes = size < 1_024 ? `${size} B` : `${size / 1_024} KB`;
    const room = rooms === 1 ? '1 room' : `${rooms} rooms`;
    const head = `${room} × ${members}, ${bytes}, ${in_flight} under way in each`;
    return bars.length === 0 ? [] : [{ head, bars }];
  });
}

interface Scale {
  x: (us: number) => number;
  ticks: readonly number[];
}

/** From the power of ten below the least to the 1, 2 or 5 above the most. */
function scaleOf(groups: readonly Group[]): Scale {
  const values = groups.flatMap(({ bars }) => bars.map(({ us }) => us));
  const first = Math.floor(Math.log10(Math.min(...values)));
  const steps = Array.from({ length: 12 }, (_, decade) =>
    [1, 2, 5].map((step) => step * 10 ** (first + decade)),
  ).flat();
  const last = steps.find((step) => step >= Math.max(...values))!;
  // A bar of the least value must still be seen.
  const from = Math.log10(steps[0]!) - 0.1;
  const span = Math.log10(last) - from;
  return {
    x: (us) => LEFT + ((Math.log10(us) - from) / span) * (WIDTH - LEFT - RIGHT),
    ticks: steps.filter((step) => step <= last),
  };
}

const kindOf = (system: string): string =>
  system === OURS || system === OURS_V1 ? 'ours' : system === BASELINE ? 'baseline' : 'peer';

function drawn({ head, bars }: Group, top: number, { x }: Scale): string[] {
  return [
    `  <text class="head" x="${LEFT}" y="${at(top + GROUP_HEAD - 12)}">${escaped(head)}</text>`,
    ...bars.flatMap(({ system, us }, index) => {
      const y = top + GROUP_HEAD + index * (BAR + GAP);
      const kind = kindOf(system);
      const base = at(y + BAR - 5);
      return [
        `  <text class="${kind === 'ours' ? 'ours-name' : 'name'}" x="${LEFT - 8}" y="${base}">${escaped(system)}</text>`,
        `  <rect class="${kind}" x="${LEFT}" y="${at(y)}" width="${at(x(us) - LEFT)}" height="${BAR}" rx="2"/>`,
        `  <text x="${at(x(us) + 6)}" y="${base}">${figure(us)}</text>`,
      ];
    }),
  ];
}

const heightOf = ({ bars }: Group): number => GROUP_HEAD + bars.length * (BAR + GAP) + GROUP_GAP;

/** The picture. The same rows make the same text. Throws a `RangeError` if no row is at saturation. */
export function chartOf(rows: readonly Row[], scenarios: readonly Scenario[]): string {
  const groups = groupsOf(rows, scenarios);
  if (groups.length === 0)
    throw new RangeError('there is nothing to draw: no system was measured at saturation');
  const scale = scaleOf(groups);
  const bottom = groups.reduce((top, group) => top + heightOf(group), TOP);
  const height = bottom + FOOT;
  const tops = groups.map((_, index) =>
    groups.slice(0, index).reduce((top, group) => top + heightOf(group), TOP),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    '  <title id="title">CPU time of the relay for each delivered message</title>',
    '  <desc id="description">',
    ...groups.map(
      ({ head, bars }) =>
        `    ${escaped(head)}: ${bars.map(({ system, us }) => `${escaped(system)} ${figure(us)} µs`).join(', ')}.`,
    ),
    '  </desc>',
    `  <style>${STYLE}`,
    '  </style>',
    `  <rect class="sheet" width="${WIDTH}" height="${height}" rx="6"/>`,
    '  <text class="title" x="24" y="32">Server CPU for each delivered message, µs</text>',
    '  <text class="note" x="24" y="52">Less is better; the scale is logarithmic. One core, as many messages as it takes.</text>',
    ...scale.ticks.flatMap((tick) => [
      `  <line class="grid" x1="${at(scale.x(tick))}" x2="${at(scale.x(tick))}" y1="${TOP}" y2="${bottom}"/>`,
      `  <text class="tick" x="${at(scale.x(tick))}" y="${bottom + 18}">${Number(tick.toPrecision(1))}</text>`,
    ]),
    ...groups.flatMap((group, index) => drawn(group, tops[index]!, scale)),
    '</svg>',
    '',
  ].join('\n');
}
