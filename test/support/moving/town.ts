/**
 * Engines and relays in memory, for rooms that move: what is under way between them comes when a test says so, in the order of
 * each connection.
 */
import type { Endpoint, Engine, EngineEvents } from '../../../client/src/engine/engine.ts';
import { inlineEngines } from '../../../client/src/engine/inline-engine.ts';
import type { Socket, SocketEvents } from '../../../client/src/platform.ts';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import { parseCredentialsToken } from '../../../shared/protocol/subprotocol.ts';
import { PLAIN_CONFIG, ROOM_ID, SEALED_CONFIG } from '../engine-doubles.ts';
import { CountingChannel } from './counting-channel.ts';
import { Pipe, TownRelay } from './town-relay.ts';
import type { Seat } from './town-relay.ts';

/** A client, and all that it was told. */
export class Townsman {
  readonly client_id: string;
  readonly told: string[] = [];
  /** Numbers of what each other client said, as they were shown. */
  readonly heard = new Map<string, number[]>();
  /** The others, as they were told. */
  readonly others = new Set<string>();
  /** What it said: to whom, and who was told to be here at that moment. */
  readonly said: { to: string | undefined; others: string[] }[] = [];
  engine!: Engine;
  welcomed = false;

  constructor(client_id: string) {
    this.client_id = client_id;
  }

  /** Its seat, at this address. */
  endpointAt(url: string): Endpoint {
    return { room_id: ROOM_ID, client_id: this.client_id, ticket: 'A'.repeat(43), url };
  }

  /** Says the next number, to all or to one. */
  say(to?: string): void {
    if (!this.welcomed) return;
    const number = this.said.length;
    this.said.push({ to, others: [...this.others] });
    this.engine.send({
      class: FRAME_CLASS.MSG,
      payload: Uint8Array.of(number >>> 8, number),
      stream: 0,
      layer: 0,
      droppable: false,
      keyframe: false,
      to,
    });
  }
}

/** Relays say that they are alive as often. */
const STEP_MS = 1_000;

export class Town {
  readonly #sealed: boolean;
  readonly #pipes: Pipe[] = [];
  readonly #relays = new Map<string, TownRelay>();
  readonly clients: Townsman[] = [];
  /** Where the router says that the room is. */
  place!: TownRelay;

  constructor(sealed: boolean) {
    this.#sealed = sealed;
  }

  /** A relay that serves the room. */
  relay(epoch: number): TownRelay {
    const relay = new TownRelay(`ws://task-${epoch}`, epoch);
    this.#relays.set(relay.url, relay);
    this.place ??= relay;
    return relay;
  }

  /** A client connects to `relay`. `follows`: it goes where that says; else it stays where it is. */
  async enter(relay: TownRelay, follows = true): Promise<Townsman> {
    const client_id = `00000000-0000-4000-8000-${String(this.clients.length).padStart(12, '0')}`;
    const client = new Townsman(client_id);
    this.clients.push(client);
    const slowly = this.#pipe();
    const open = inlineEngines({
      openSocket: (url, protocols, events) => this.#connect(url, protocols, events),
      openChannel: (_sealing, events) => Promise.resolve(new CountingChannel(events)),
      clock: () => performance.now(),
    });
    const heard = this.#hear(client);
    const go = (how: 'connect' | 'move', url?: string): void =>
      slowly.put(() => client.engine[how](client.endpointAt(url ?? this.place.url)));
    const events: EngineEvents = {
      ...heard,
      moved: (url) => {
        if (follows) go(client.welcomed ? 'move' : 'connect', url);
      },
      strayed(code, reason) {
        heard.strayed(code, reason);
        go('move');
      },
      closed(code, reason) {
        if (client.welcomed) heard.closed(code, reason);
        go('connect');
      },
    };
    client.engine = await open(this.#sealed ? SEALED_CONFIG : PLAIN_CONFIG, events);
    client.engine.connect(client.endpointAt(relay.url));
    return client;
  }

  /** One thing of those that are under way happens; false if there is none. `choice`: which. */
  step(choice: number): boolean {
    const waiting = this.#pipes.filter((pipe) => pipe.waits);
    waiting[choice % waiting.length]?.next();
    return waiting.length > 0;
  }

  /** The room moves to `to`. `deadline_ms`: for how long it is served where it is. */
  move(to: TownRelay, deadline_ms?: number): void {
    const from = this.place;
    this.place = to;
    from.move(to.url, to.epoch, deadline_ms);
  }

  /** All that is under way happens. */
  settle(): void {
    for (let n = 0; this.step(n); n++);
  }

  /** Time passes, `advance` at a time, and all that is under way happens. */
  pass(ms: number, advance: (ms: number) => void): void {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      advance(Math.min(STEP_MS, ms - passed));
      for (const relay of this.#relays.values()) relay.alive();
      this.settle();
    }
  }

  /** How many are connected to each relay. */
  whereabouts(): number[] {
    return [...this.#relays.values()].map(({ clients }) => clients.length);
  }

  dispose(): void {
    for (const { engine } of this.clients) engine.dispose();
  }

  #pipe(): Pipe {
    const pipe = new Pipe();
    this.#pipes.push(pipe);
    return pipe;
  }

  #connect(url: string, protocols: string[], events: SocketEvents): Socket {
    const relay = this.#relays.get(url)!;
    const { client_id } = parseCredentialsToken(protocols[1]!)!;
    const [up, down] = [this.#pipe(), this.#pipe()];
    let seat: Seat | undefined;
    let open = false;
    let over = false;
    up.put(() => {
      if (over) return;
      seat = relay.connect(client_id, down, {
        open(protocol) {
          open = !over;
          if (!over) events.open(protocol);
        },
        message: (data) => {
          if (!over) events.message(data);
        },
        close(code, reason) {
          if (!over) events.close(code, reason);
          open = false;
          over = true;
        },
      });
    });
    const end = (how: 'closed' | 'broke'): void => {
      open = false;
      up.put(() => {
        if (seat !== undefined) relay.end(seat, how);
      });
    };
    return {
      get open() {
        return open;
      },
      bufferedAmount: 0,
      send: (data) => {
        const copy = typeof data === 'string' ? data : data.slice();
        up.put(() => {
          if (seat !== undefined) relay.receive(seat, copy);
        });
      },
      close: (code) => {
        end('closed');
        down.put(() => {
          over = true;
          events.close(code ?? 1005, '');
        });
      },
      abandon: () => {
        over = true;
        end('broke');
      },
    };
  }

  #hear(client: Townsman): EngineEvents {
    const note =
      (name: string) =>
      (...values: unknown[]): void =>
        void client.told.push(`${name} ${JSON.stringify(values)}`);
    return {
      securing: () => undefined,
      welcome: ({ clients }) => {
        client.welcomed = true;
        for (const { client_id } of clients) client.others.add(client_id);
      },
      peer(message) {
        if (message.type === 'joined') client.others.add(message.client_id);
        else client.others.delete(message.client_id);
        note(message.type)(message.client_id);
      },
      moved: () => undefined,
      arrived: note('arrived'),
      strayed: note('strayed'),
      reopening: note('reopening'),
      frame({ from, payload }) {
        const number = (payload[0]! << 8) | payload[1]!;
        client.heard.set(from, [...(client.heard.get(from) ?? []), number]);
      },
      standing: note('standing'),
      trouble: note('trouble'),
      fault: note('fault'),
      hint: note('hint'),
      move: note('move'),
      closed: note('closed'),
      dead: note('dead'),
    };
  }
}
