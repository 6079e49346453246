/** The relay's counts as Prometheus metrics. Read when scraped: nothing is added up here. */
import { Counter, Gauge, Registry } from 'prom-client';
import { droppedClassName } from '../shared/protocol/control.ts';
import { CLOSE } from '../shared/protocol/close-codes.ts';
import type { Counts } from './counts.ts';

/** What is read from elsewhere at each scrape. */
export interface Gauges {
  rooms: () => number;
  clients: () => number;
  sockets: () => number;
}

/** Codes with a series of their own. A peer may send any other: those share one, so that it cannot make series. */
const CLOSE_CODES = new Set<number>([...Object.values(CLOSE), 1_000, 1_001, 1_005, 1_006]);

const closeLabel = (code: number): string => (CLOSE_CODES.has(code) ? String(code) : 'other');

/** A registry that shows `counts` and `gauges`. */
export function createMetrics(counts: Counts, gauges: Gauges): Registry {
  const registry = new Registry();

  const total = (name: string, help: string, read: () => number): void => {
    registry.registerMetric(
      new Counter({
        name: `anteroom_${name}_total`,
        help,
        registers: [],
        collect() {
          this.reset();
          this.inc(read());
        },
      }),
    );
  };
  const totals = <K>(
    name: string,
    help: string,
    label: string,
    read: Map<K, number>,
    text: (key: K) => string,
  ): void => {
    registry.registerMetric(
      new Counter({
        name: `anteroom_${name}_total`,
        help,
        labelNames: [label],
        registers: [],
        collect() {
          this.reset();
          for (const [key, value] of read) this.inc({ [label]: text(key) }, value);
        },
      }),
    );
  };
  const gauge = (name: string, help: string, read: () => number): void => {
    registry.registerMetric(
      new Gauge({
        name: `anteroom_${name}`,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      }),
    );
  };

  gauge('rooms', 'Rooms that this task serves', gauges.rooms);
  gauge('clients', 'Clients whose socket is open', gauges.clients);
  gauge('sockets', 'TCP connections that are open', gauges.sockets);
  total('messages_received', 'Messages from clients', () => counts.messages_in);
  total('bytes_received', 'Bytes of messages from clients', () => counts.bytes_in);
  total('messages_sent', 'Messages to clients, each receiver counted', () => counts.messages_out);
  total('bytes_sent', 'Bytes of messages to clients, each receiver counted', () => counts.bytes_out);
  total('frames_unroutable', 'Frames to a slot that nobody else holds', () => counts.frames_unroutable);
  total('frames_to_relay', 'Frames to the relay itself', () => counts.frames_to_relay);
  total('connects', 'Sockets that opened with a valid ticket', () => counts.connects);
  total('seats_expired', 'Seats whose client did not come in time', () => counts.seats_expired);
  total('rooms_lost', 'Rooms that the router took away while they were served here', () => counts.rooms_lost);
  total('rooms_moved', 'Rooms that were moved elsewhere while draining', () => counts.rooms_moved);
  total('stalls', 'Times that the process stood still', () => counts.stalls);
  totals(
    'frames_left_out',
    'Frames that receivers were spared that could not keep up, by class',
    'class',
    counts.frames_left_out,
    droppedClassName,
  );
  totals('closes', 'Connections that ended, by close code', 'code', counts.closes, closeLabel);
  totals('handshakes_refused', 'Handshakes refused, by HTTP status', 'status', counts.refused, String);
  totals('sockets_cut', 'Connections cut off, by the limit they broke', 'limit', counts.cut, String);
  totals('registers', 'Answers to register, by outcome', 'outcome', counts.registers, String);
  totals('put_task', 'Calls of put-task, by outcome', 'outcome', counts.put_task, String);
  totals('remove_client', 'Calls of remove-client, by outcome', 'outcome', counts.remove_client, String);
  totals('migrate_room', 'Calls of migrate-room, by outcome', 'outcome', counts.migrate_room, String);
  return registry;
}
