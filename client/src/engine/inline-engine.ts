import { DROPPED_CLASSES } from '../../../shared/protocol/control.ts';
import type {
  ClientControl,
  Congested,
  Dropped,
  NeedKeyframe,
  Welcome,
} from '../../../shared/protocol/control.ts';
import { Connection } from '../connection.ts';
import { readControl } from '../control.ts';
import type { Control } from '../control.ts';
import type { Bytes } from '../e2ee/bytes.ts';
import type { Channel, ChannelEvents, OutgoingFrame } from '../e2ee/channel.ts';
import type { OpenSocket } from '../platform.ts';
import { Acks } from './acks.ts';
import { Alarm } from './alarm.ts';
import type { Endpoint, Engine, EngineConfig, EngineEvents, OpenEngine } from './engine.ts';
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

/** A connection that is up, or on its way. */
interface Line {
  endpoint: Endpoint;
  connection: Connection;
  acks: Acks;
  /** The relay has let us in. */
  welcomed: boolean;
}

const LEAVE = JSON.stringify({ type: 'leave' } satisfies ClientControl);

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

/** The engine itself, on whatever thread it is opened. */
class InlineEngine implements Engine {
  readonly #deps: InlineDeps;
  readonly #config: EngineConfig;
  readonly #events: EngineEvents;
  readonly #alarm: Alarm;
  #channel!: Channel;
  #line: Line | undefined;
  /** The room is being left: nothing more is told. */
  #leaving = false;

  private constructor(deps: InlineDeps, config: EngineConfig, events: EngineEvents) {
    this.#deps = deps;
    this.#config = config;
    this.#events = events;
    this.#alarm = new Alarm(deps.clock, () => this.#channel.tick());
  }

  static async open(deps: InlineDeps, config: EngineConfig, events: EngineEvents): Promise<InlineEngine> {
    const engine = new InlineEngine(deps, config, events);
    const told = engine.#channelEvents();
    engine.#channel =
      config.sealing === undefined ? new PlainChannel(told) : await deps.openChannel(config.sealing, told);
    return engine;
  }

  get bufferedAmount(): number {
    return this.#line?.connection.open === true ? this.#line.connection.bufferedAmount : 0;
  }

  connect(endpoint: Endpoint): void {
    this.#line?.connection.abandon();
    this.#over();
    const acks = new Acks((frame) => this.#transmit(frame));
    const connection = new Connection(this.#deps.openSocket, endpoint, this.#config, {
      text: (text) => {
        acks.received();
        this.#control(text);
      },
      frame: (bytes) => {
        acks.received();
        // Before the welcome no slot means anything.
        if (this.#line?.welcomed === true) this.#channel.receive(bytes);
      },
      closed: (code, reason) => {
        this.#over();
        this.#tell()?.closed(code, reason);
      },
      dead: () => {
        this.#over();
        this.#tell()?.dead();
      },
    });
    this.#line = { endpoint, connection, acks, welcomed: false };
  }

  send(frame: OutgoingFrame): void {
    this.#channel.send(frame);
  }

  probe(): void {
    this.#line?.connection.probe();
    this.#channel.tick();
  }

  async hangUp(leaving: boolean): Promise<void> {
    const line = this.#line;
    if (line === undefined) return;
    if (!leaving) {
      const closed = line.connection.close();
      this.#over();
      return closed;
    }
    this.#leaving = true;
    // Not awaited where there is nothing to wait for: what leaves a page gets no second turn.
    if (this.#config.sealing !== undefined && line.welcomed) await within(BYE_MS, this.#channel.bye());
    if (line.connection.open) line.connection.send(LEAVE);
    const closed = line.connection.close(1000);
    this.#over();
    return closed;
  }

  safetyNumber(): Promise<string> {
    return this.#channel.safetyNumber();
  }

  invite(to: readonly string[], room_id: string, secret: Bytes): Promise<string[]> {
    return this.#channel.invite(to, room_id, secret);
  }

  dispose(): void {
    this.#leaving = true;
    this.#line?.connection.abandon();
    this.#over();
    this.#alarm.clear();
    this.#channel.close();
  }

  /** Who hears of what happens; undefined once the room is being left. */
  #tell(): EngineEvents | undefined {
    return this.#leaving ? undefined : this.#events;
  }

  #transmit(frame: Bytes): void {
    if (this.#line?.connection.open === true) this.#line.connection.send(frame);
  }

  /** The connection is over, or is being closed: nothing more is heard of it. */
  #over(): void {
    const line = this.#line;
    if (line === undefined) return;
    this.#line = undefined;
    line.acks.stop();
    if (line.welcomed) this.#channel.disconnected();
  }

  #channelEvents(): ChannelEvents & Pick<EngineEvents, 'fault'> {
    return {
      send: (frame) => this.#transmit(frame),
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

  #control(text: string): void {
    const line = this.#line;
    if (line === undefined) return;
    const reading = readControl(text);
    if (reading.kind === 'control') this.#act(line, reading.control);
    if (reading.kind !== 'malformed') return;
    // Without a welcome there is no going on; later, one message less is no reason to part.
    if (line.welcomed) this.#tell()?.fault(reading.message, undefined);
    else line.connection.fail(reading.message);
  }

  #act(line: Line, control: Control): void {
    if (control.type === 'moved') {
      this.#tell()?.moved();
      return;
    }
    if (control.type === 'welcome') {
      this.#welcome(line, control);
      return;
    }
    // The first thing that a relay says is the welcome.
    if (!line.welcomed) return;
    if (control.type !== 'joined' && control.type !== 'left') this.#hint(control);
    else if (control.client_id === line.endpoint.client_id) return;
    else if (control.type === 'joined') this.#channel.joined(control);
    else this.#channel.left(control);
  }

  #hint(control: NeedKeyframe | Congested | Dropped): void {
    if (control.type === 'need_keyframe') {
      this.#tell()?.hint({ kind: 'keyframe', stream: control.stream });
      return;
    }
    if (control.type === 'congested') {
      const { level, receivers } = control;
      this.#tell()?.hint({ kind: 'congested', level, receivers });
      return;
    }
    for (const { slot, class: name, stream, count } of control.frames) {
      const from = this.#channel.clientAt(slot);
      // It may have left meanwhile.
      if (from === undefined) continue;
      this.#tell()?.hint({ kind: 'dropped', from, class: DROPPED_CLASSES[name], stream, count });
    }
  }

  #welcome(line: Line, control: Welcome): void {
    if (line.welcomed) {
      this.#tell()?.fault('The relay sent a second welcome', undefined);
      return;
    }
    const clients = control.clients.filter(({ client_id }) => client_id !== line.endpoint.client_id);
    const welcome = { ...control, clients };
    line.welcomed = true;
    line.connection.welcomed();
    line.acks.start(control.slot);
    if (this.#config.sealing !== undefined) this.#tell()?.securing(welcome);
    // Who was told may have hung up.
    if (this.#line === line) this.#channel.welcome(welcome);
  }
}

/** Runs engines on this thread. */
export function inlineEngines(deps: InlineDeps): OpenEngine {
  return (config, events) => InlineEngine.open(deps, config, events);
}
