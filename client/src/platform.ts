/** What the SDK needs of the machine that it runs on: the only difference between browsers and Node. */
import type { OpenEngine } from './engine/engine.ts';

/** A WebSocket, as far as the SDK uses one. */
export interface Socket {
  /** Open in both directions: what is sent now will go out. */
  readonly open: boolean;
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  /** Starts the close handshake. Code 1000 gives the seat up at the relay; no code keeps it. */
  close(code?: 1000): void;
  /** Ends the connection without waiting for the other side, as far as the platform can. The seat is kept. */
  abandon(): void;
}

export interface SocketEvents {
  /** The handshake is done; `protocol` is what the server selected of those that were offered. */
  open(protocol: string): void;
  message(data: string | ArrayBuffer): void;
  /** Comes once, last, and also for a handshake that failed (1006). */
  close(code: number, reason: string): void;
}

/** May throw for an address that the platform refuses. */
export type OpenSocket = (url: string, protocols: string[], events: SocketEvents) => Socket;

export interface Platform {
  openEngine: OpenEngine;
  /** Besides those of the engine: for the control channel. */
  openSocket: OpenSocket;
  /** Calls `listener` when a page is seen again or the network is back; returns what stops that. */
  onWake(listener: () => void): () => void;
  /** Fills `bytes` from the platform's cryptographic source of random numbers. */
  fillRandom(bytes: Uint8Array<ArrayBuffer>): void;
  /** Whether we run in a page that came over https and thus cannot open ws: addresses. */
  isSecurePage(): boolean;
  /** Whether there is what sealed rooms need: in browsers WebCrypto, which pages have on https and localhost only. */
  canSeal(): boolean;
  /** URL of the page that we run in; undefined where there is none. */
  pageUrl(): string | undefined;
}
