/** What is sent through each system. */
import type { FrameClass } from './load.ts';

export interface Scenario {
  /** As options, tables and JSON name it. */
  name: string;
  rooms: number;
  /** Connections of each room. */
  members: number;
  /** Bytes of a message, without any header of a protocol. */
  size: number;
  /** Messages of a room that are under way at once when the load is as high as the server takes. */
  in_flight: number;
  /** Whether it is measured at a common fixed rate as well. A rate knows no bursts. */
  at_rate: boolean;
}

const KB = 1_024;

export const SCENARIOS: readonly Scenario[] = [
  { name: '200x2 100B', rooms: 200, members: 2, size: 100, in_flight: 2, at_rate: true },
  { name: '40x10 1KB', rooms: 40, members: 10, size: KB, in_flight: 10, at_rate: true },
  { name: '1x500 1KB', rooms: 1, members: 500, size: KB, in_flight: 4, at_rate: true },
  { name: '25x4 16KB', rooms: 25, members: 4, size: 16 * KB, in_flight: 4, at_rate: true },
  { name: '40x10 1KB burst', rooms: 40, members: 10, size: KB, in_flight: 40, at_rate: false },
];

/** Connections that only stay: what one costs in memory. */
export const IDLE = { name: 'idle 5000x2', rooms: 5_000, members: 2 } as const;

/** How long a frame is inside our process at an idle relay. Rooms of two are written to in another way than larger ones. */
export const INSIDE = [
  { name: 'inside 1x2 100B', members: 2, size: 100 },
  { name: 'inside 1x10 100B', members: 10, size: 100 },
] as const;

/** Rooms like those of applications, of which as many are opened as one core carries. */
export interface CapacityLoad {
  name: string;
  members: number;
  /** Bytes of a message. */
  size: number;
  /** Messages of each member in a second, each to all others. */
  member_rate: number;
  frame_class: FrameClass;
  /** Share of its core that the server may use. Infinity: all of it, while p99 is within its limit. */
  cpu_limit: number;
}

/** 20 poses a second. */
const POSES = { members: 10, size: 100, member_rate: 20, frame_class: 'pose' } as const;
/** 30 frames a second, about 800 kbit/s. */
const VIDEO = { members: 4, size: 3_400, member_rate: 30, frame_class: 'video' } as const;

/**
 * With a part of the core left, as one runs a task; and with all of it, since a relay that shares writes does more with
 * each µs the more it has to do.
 */
export const CAPACITY: readonly CapacityLoad[] = [
  { name: 'capacity poses', ...POSES, cpu_limit: 0.7 },
  { name: 'capacity poses, whole core', ...POSES, cpu_limit: Infinity },
  { name: 'capacity video', ...VIDEO, cpu_limit: 0.7 },
  { name: 'capacity video, whole core', ...VIDEO, cpu_limit: Infinity },
];

/** Name of a scenario at the fixed rate. */
export const atRate = (name: string): string => `${name} fixed rate`;

/** Messages a second for each room, so that all receivers together get `deliveries_per_s`. */
export function roomRate(scenario: Scenario, deliveries_per_s: number): number {
  return deliveries_per_s / (scenario.rooms * (scenario.members - 1));
}
