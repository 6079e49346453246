/** Between the slots of ours and those of the relays: whom a frame is from, which lines it takes, and to whom. */
import { destinationOf, sourceOf, TO_ALL, TO_RELAY } from '../../../shared/protocol/frame.ts';
import type { Bytes } from '../e2ee/bytes.ts';
import type { Route } from '../e2ee/channel.ts';
import { address } from '../e2ee/sealer.ts';
import type { Line } from './line.ts';
import type { Places } from './places.ts';
import { waysOf } from './ways.ts';

/** A slot that no client has. */
const NOBODY = TO_RELAY;

/** Gives a frame that came on `line` the slots of ours, and returns the client id of its sender. */
export function translate(frame: Bytes, line: Line, places: Places): string | undefined {
  const from = line.slots.idOf(sourceOf(frame));
  const slot = from === undefined ? undefined : places.slotOf(from);
  const to = destinationOf(frame);
  const to_us = to === line.own_slot ? places.own_slot : NOBODY;
  address(frame, slot ?? NOBODY, to === TO_ALL ? TO_ALL : to_us);
  return from;
}

/** Sends a frame on those of `lines` that it takes, by itself or `via` one. Its slots are ours, and may be overwritten. */
export function sendOn(lines: readonly Line[], places: Places, frame: Bytes, via: number | undefined): void {
  const destination = destinationOf(frame);
  const to = destination === TO_ALL ? undefined : places.at(destination);
  if (to === undefined && destination !== TO_ALL) return;
  const numbers = lines.map(({ number }) => number);
  const sealed = (frame[0]! & 1) !== 0;
  const ways = via === undefined ? waysOf({ to, sealed }, places, numbers) : [{ line: via, to }];
  for (const way of ways) {
    const line = lines.find(({ number }) => number === way.line);
    const slot = way.to === undefined ? TO_ALL : line?.slots.slotOf(way.to);
    if (line === undefined || slot === undefined) continue;
    line.send(address(ways.length > 1 ? frame.slice() : frame, line.own_slot!, slot));
  }
}

/** Where a message goes that says our slot: to one, or to all. */
export function routesOf(lines: readonly Line[], places: Places, to: number): Route[] {
  const client_id = places.at(to);
  const [oldest] = lines;
  const only =
    client_id === undefined || oldest === undefined ? undefined : places.hearsOn(client_id, oldest.number);
  return lines
    .filter(({ number }) => to === TO_ALL || number === only)
    .map(({ number, own_slot }) => ({ line: number, slot: own_slot! }));
}
