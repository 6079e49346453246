/** What a task and its traffic cost at AWS: us-east-1, on demand, November 2026, $. */

/** Linux on x86 (AWS Fargate pricing). */
const VCPU_HOUR = 0.04048;
const MEMORY_GB_HOUR = 0.004445;
/** The first 10 TB of a month to the internet (Amazon EC2 on-demand pricing, "Data Transfer"). */
const GB_OUT = 0.09;

/** The task that the figures are for. */
export const TASK = { vcpu: 1, memory_gb: 2 } as const;
/** Costs are of so many members. */
export const COST_MEMBERS = 1_000;

const HOUR_S = 3_600;
/** A GB of data transfer, bytes. */
const GB = 1e9;

/** IPv4 (20), TCP (20) and its timestamps (12, RFC 7323): headers of each segment. */
const SEGMENT_HEADERS = 52;
/** What an Ethernet frame of 1,500 bytes has left behind those. */
const SEGMENT_BYTES = 1_448;

/** Bytes of the header of a frame that a server sends (RFC 6455 §5.2). */
function frameHeader(payload: number): number {
  return payload < 126 ? 2 : payload < 65_536 ? 4 : 10;
}

/**
 * Bytes that a WebSocket message of `payload` bytes takes on its way to a client, as if no segment had two of them. A busy
 * relay does better; acknowledgements of what clients send, handshakes and TLS (22 bytes a record) come on top.
 */
export function wireBytes(payload: number): number {
  const frame = frameHeader(payload) + payload;
  return frame + Math.ceil(frame / SEGMENT_BYTES) * SEGMENT_HEADERS;
}

/** $ for an hour of {@link TASK}. */
export function taskHour(): number {
  return TASK.vcpu * VCPU_HOUR + TASK.memory_gb * MEMORY_GB_HOUR;
}

/** Of {@link COST_MEMBERS} members in an hour. */
export interface Cost {
  /** Tasks that they take, a part of one included. */
  tasks: number;
  tasks_usd: number;
  gb_out: number;
  transfer_usd: number;
}

/** `members` are what one task carries; `bytes_s` goes out to each of them in a second. Throws a `RangeError` without any. */
export function costOf({ members, bytes_s }: { members: number; bytes_s: number }): Cost {
  if (!(members > 0)) throw new RangeError(`a task that carries ${members} members has no price for each`);
  const tasks = COST_MEMBERS / members;
  const gb_out = (COST_MEMBERS * bytes_s * HOUR_S) / GB;
  return { tasks, tasks_usd: tasks * taskHour(), gb_out, transfer_usd: gb_out * GB_OUT };
}
