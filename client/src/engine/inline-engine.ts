import type { Bytes } from '../e2ee/bytes.ts';
import type { Channel, ChannelEvents, OutgoingFrame } from '../e2ee/channel.ts';
import type { OpenSocket } from '../platform.ts';
import { Alarm } from './alarm.ts';
import type { Endpoint, Engine, EngineConfig, EngineEvents, OpenEngine } from './engine.ts';
import type { LineEnd } from './line.ts';
import { Lines } from './lines.ts';
import type { LinesEvents } from './lines-types.ts';
import { PlainChannel } from './plain-channel.ts';

/** For how long leaving waits until the others are told, ms. */
const BYE_MS = 500;

export interface InlineDeps {
  openSocket: OpenSocket;
  /** The encryption of a room. Rejects with `AnteroomError` where it cannot be had. */
  openChannel(sealing: NonNullable<EngineConfig['sealing']>, events: ChannelEvents): Promise<Channel>;
  /** That of the channel: monotonic, ms. */
  clock: () => number;
}

/** `promise`, or nothing once `ms` are over. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** RFC 6455 §7.4.1: closed without a close frame. */
const ABNORMAL = 1006;
const SILENT = 'Nothing was heard from the relay for too long';

/** The engine itself, on whatever thread it is opened: a channel over the lines to relays. */
class InlineEngine implements Engine {
  readonly #config: EngineConfig;
  readonly #events: EngineEvents;
  readonly #alarm: Alarm;
  readonly #lines: Lines;
  #channel!: Channel;
  /** The room is being left: nothing more is told. */
  #leaving = false;

  private constructor({ openSocket, clock }: InlineDeps, config: EngineConfig, events: EngineEvents) {
    this.#config = config;
    this.#events = events;
    this.#alarm = new Alarm(clock, () => this.#channel.tick());
    const sealed = config.sealing !== undefined;
    this.#lines = new Lines({ openSocket, clock, timings: config, sealed }, this.#linesEvents());
  }

  static async open(deps: InlineDeps, config: EngineConfig, events: EngineEvents): Promise<InlineEngine> {
    const engine = new InlineEngine(deps, config, events);
    const told = engine.#channelEvents();
    engine.#channel =
      config.sealing === undefined ? new PlainChannel(told) : await deps.openChannel(config.sealing, told);
    return engine;
  }

  get bufferedAmount(): number {
    return this.#lines.bufferedAmount;
  }

  connect(endpoint: Endpoint): void {
    this.#lines.open(endpoint);
  }

  move(endpoint: Endpoint): void {
    this.#lines.move(endpoint);
  }

  send(frame: OutgoingFrame): void {
    this.#channel.send(frame);
  }

  probe(): void {
    this.#lines.probe();
    this.#channel.tick();
  }

  async hangUp(leaving: boolean): Promise<void> {
    if (leaving) {
      this.#leaving = true;
      // Not awaited where there is nothing to wait for: what leaves a page gets no second turn.
      if (this.#config.sealing !== undefined && this.#lines.welcomed) {
        await within(BYE_MS, this.#channel.bye());
      }
    }
    await this.#lines.close(leaving);
  }

  safetyNumber(): Promise<string> {
    return this.#channel.safetyNumber();
  }

  invite(to: readonly string[], room_id: string, secret: Bytes): Promise<string[]> {
    return this.#channel.invite(to, room_id, secret);
  }

  dispose(): void {
    this.#leaving = true;
    this.#lines.abandon();
    this.#alarm.clear();
    this.#channel.close();
  }

  /** Who hears of what happens; undefined once the room is being left. */
  #tell(): EngineEvents | undefined {
    return this.#leaving ? undefined : this.#events;
  }

  #linesEvents(): LinesEvents {
    const words = (end: LineEnd): [number, string] =>
      end.kind === 'closed' ? [end.code, end.reason] : [ABNORMAL, SILENT];
    return {
      welcome: (welcome) => {
        if (this.#config.sealing !== undefined) this.#tell()?.securing(welcome);
        // Who was told may have hung up.
        if (this.#lines.welcomed) this.#channel.welcome(welcome);
      },
      joined: (message) => this.#channel.joined(message),
      left: (message) => this.#channel.left(message),
      receive: (frame, wire_slot) => this.#channel.receive(frame, wire_slot),
      hint: (hint) => this.#tell()?.hint(hint),
      fault: (message) => this.#tell()?.fault(message, undefined),
      over: () => this.#channel.disconnected(),
      moved: (url) => this.#tell()?.moved(url),
      arrived: (welcome) => {
        this.#channel.arrived();
        this.#tell()?.arrived(welcome);
      },
      strayed: (end) => this.#tell()?.strayed(...words(end)),
      reopening: (end) => this.#tell()?.reopening(...words(end)),
      ended: (end) => {
        if (end.kind === 'dead') this.#tell()?.dead();
        else this.#tell()?.closed(end.code, end.reason);
      },
    };
  }

  #channelEvents(): ChannelEvents & Pick<EngineEvents, 'fault'> {
    return {
      send: (frame, via) => this.#lines.send(frame, via),
      routes: (to) => this.#lines.routes(to),
      secured: (welcome) => this.#tell()?.welcome(welcome),
      joined: (message) => this.#tell()?.peer(message),
      left: (message) => this.#tell()?.peer(message),
      frame: (frame) => this.#tell()?.frame(frame),
      fault: (message, from) => this.#tell()?.fault(message, from),
      standing: (standing) => this.#tell()?.standing(standing),
      trouble: (trouble) => this.#tell()?.trouble(trouble),
      move: (move) => this.#tell()?.move(move),
      alarm: (at) => this.#alarm.set(at),
    };
  }
}

/** Runs engines on this thread. */
export function inlineEngines(deps: InlineDeps): OpenEngine {
  return (config, events) => InlineEngine.open(deps, config, events);
}
