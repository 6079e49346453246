/** The TCP connections of the relay, whatever is spoken on them, and how many there may be. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as SecureServer, type TLSSocket } from 'node:tls';
import { Addresses } from './addresses.ts';
import { countOne, type Counts } from './counts.ts';

/** A connection, or what has become of its socket. */
interface Destroyable {
  destroy(): void;
}

export interface ConnectionLimits {
  /** Connections of one address with which a handshake is still taken. */
  per_address: number;
  /** Connections at once that have shown neither a ticket nor a token. */
  newcomers: number;
}

/** Connections beyond the limit of an address that still get a 429 in place of being cut off. */
const ADDRESS_SLACK = 16;
/** Requests on one connection that wait for their answer: no ordinary client sends the next one before. */
export const MAX_PIPELINED = 4;

/** The peer's end of a connection: no two that are open at once share it. */
const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`;

/** Counts and bounds the connections of `server`. */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #counts: Counts;
  /** With their remote addresses. */
  readonly #open = new Map<Destroyable, string>();
  /** In the order in which they came. */
  readonly #newcomers = new Set<Socket>();
  readonly #unanswered = new WeakMap<Socket, number>();
  readonly #addresses = new Addresses();
  /** Of a TLS server: the accepted sockets by where they come from. */
  #by_end: Map<string, Socket> | undefined;
  /** The TCP socket below a TLS one. */
  readonly #carriers = new WeakMap<Socket, Socket>();
  /** Wait until no connection is open. */
  readonly #waiting: (() => void)[] = [];

  constructor(server: Server, limits: ConnectionLimits, counts: Counts) {
    this.#limits = limits;
    this.#counts = counts;
    server.on('connection', (socket: Socket) => this.#opened(socket));
    if (!(server instanceof SecureServer)) return;
    // What a request comes on is another socket than the one that was accepted.
    this.#by_end = new Map();
    server.on('secureConnection', (socket: TLSSocket) => this.#secured(socket));
  }

  get size(): number {
    return this.#open.size;
  }

  /** Open connections of the address of `socket`, this one included. */
  ofAddress(socket: Socket): number {
    return this.#addresses.of(socket.remoteAddress ?? '');
  }

  /** `socket` has shown a valid ticket or token: it does not make room for newcomers any more. */
  proven(socket: Socket): void {
    this.#newcomers.delete(this.#carriers.get(socket) ?? socket);
  }

  /** `socket` goes on as `other`, which has shown a ticket; its end is to be told by {@link ended}. */
  continueAs(socket: Socket, other: Destroyable): void {
    const address = this.#open.get(socket);
    if (address === undefined) return;
    this.#open.delete(socket);
    this.#newcomers.delete(socket);
    this.#open.set(other, address);
  }

  /** `connection` is over. */
  ended(connection: Destroyable): void {
    const address = this.#open.get(connection);
    if (address === undefined) return;
    this.#open.delete(connection);
    this.#addresses.closed(address);
    if (this.#open.size === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when no connection is open. */
  async allEnded(): Promise<void> {
    if (this.#open.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** A request came on `socket`. False if too many wait for their answer: then the connection is cut off. */
  asked(socket: Socket): boolean {
    if (socket.destroyed) return false;
    const unanswered = (this.#unanswered.get(socket) ?? 0) + 1;
    if (unanswered > MAX_PIPELINED) {
      this.#cut(socket, 'pipelined');
      return false;
    }
    this.#unanswered.set(socket, unanswered);
    return true;
  }

  /**
   * A request came on `socket` that is not answered as HTTP, such as an upgrade. False if others still wait for their
   * answers, which would be written in between what is spoken next: then the connection is cut off.
   */
  handedOver(socket: Socket): boolean {
    if ((this.#unanswered.get(socket) ?? 0) === 0) return true;
    this.#cut(socket, 'pipelined');
    return false;
  }

  answered(socket: Socket): void {
    this.#unanswered.set(socket, (this.#unanswered.get(socket) ?? 1) - 1);
  }

  destroyAll(): void {
    for (const connection of this.#open.keys()) connection.destroy();
  }

  #opened(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    this.#open.set(socket, address);
    this.#newcomers.add(socket);
    const end = endOf(socket);
    this.#by_end?.set(end, socket);
    socket.once('close', () => {
      this.#by_end?.delete(end);
      this.#newcomers.delete(socket);
      this.ended(socket);
    });
    if (this.#addresses.opened(address) > this.#limits.per_address + ADDRESS_SLACK) {
      return this.#cut(socket, 'address');
    }
    if (this.#newcomers.size <= this.#limits.newcomers) return;
    // An honest handshake takes a moment, so that the one which has been here longest is the least likely to be one.
    const [oldest] = this.#newcomers;
    if (oldest !== undefined) this.#cut(oldest, 'newcomers');
  }

  #secured(socket: TLSSocket): void {
    const carrier = this.#by_end?.get(endOf(socket));
    if (carrier !== undefined) this.#carriers.set(socket, carrier);
    // Nothing that was not counted is served.
    else socket.destroy();
  }

  #cut(socket: Socket, reason: 'address' | 'newcomers' | 'pipelined'): void {
    countOne(this.#counts.cut, reason);
    this.#newcomers.delete(socket);
    socket.destroy();
  }
}
