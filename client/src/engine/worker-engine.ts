/** The page's side: an engine in a Worker, as if it were here. */
import type { Bytes } from '../e2ee/bytes.ts';
import type { OutgoingFrame } from '../e2ee/channel.ts';
import { AnteroomError } from '../errors.ts';
import type { Endpoint, Engine, EngineConfig, EngineEvents } from './engine.ts';
import type { CallFailure, Order, Port, Report, Told } from './messages.ts';

/** A Worker may take so long to load, ms, before it is given up. */
const START_MS = 10_000;
/** What hanging up may take beyond `close_timeout_ms`: the others are told first, and messages take their time. */
const HANG_UP_MS = 1_000;
/** A Worker that was told to end itself is ended after this, ms. */
const END_MS = 1_000;
/** RFC 6455 §7.4.1: closed without a close frame. */
const ABNORMAL = 1006;

/** A Worker. */
export interface WorkerPort extends Port<Report, Order> {
  /** `failed` is called with what it threw, or why it did not start. */
  onFailure(failed: (message: string) => void): void;
  terminate(): void;
}

/** There is no Worker to be had, or it did not start. */
export class WorkerUnavailable extends Error {
  override name = 'WorkerUnavailable';
}

/** What is told of one connection, and is late once there is another. The rest is of the room. */
const OF_CONNECTION = new Set<Told['event']>([
  'securing',
  'welcome',
  'peer',
  'moved',
  'arrived',
  'strayed',
  'reopening',
  'hint',
  'closed',
  'dead',
]);

interface Call {
  resolve(value: string | string[] | undefined): void;
  reject(error: Error): void;
}

/** A grant has more fields than are needed there. */
const bare = ({ room_id, client_id, ticket, url }: Endpoint): Endpoint => ({
  room_id,
  client_id,
  ticket,
  url,
});

const errorOf = ({ code, message }: CallFailure): AnteroomError => new AnteroomError(code, message);

class WorkerEngine implements Engine {
  readonly #port: WorkerPort;
  readonly #config: EngineConfig;
  readonly #calls = new Map<number, Call>();
  #events: EngineEvents | undefined;
  #next_call = 0;
  #connection = 0;
  /** The connection was ordered, and is not known to be over. */
  #connected = false;
  #posted = 0;
  #taken = 0;
  #buffered = 0;

  constructor(port: WorkerPort, config: EngineConfig, events: EngineEvents) {
    this.#port = port;
    this.#config = config;
    this.#events = events;
  }

  get bufferedAmount(): number {
    return this.#connected ? this.#posted - this.#taken + this.#buffered : 0;
  }

  connect(endpoint: Endpoint): void {
    this.#connected = true;
    const connection = ++this.#connection;
    this.#order({ do: 'connect', connection, endpoint: bare(endpoint) });
  }

  move(endpoint: Endpoint): void {
    if (this.#connected) this.#order({ do: 'move', endpoint: bare(endpoint) });
  }

  send(frame: OutgoingFrame): void {
    // The caller may use its buffer again, and may have given a small view of a large one.
    const payload = new Uint8Array(frame.payload);
    this.#posted += payload.length;
    this.#port.post({ do: 'send', frame: { ...frame, payload } }, [payload.buffer]);
  }

  probe(): void {
    this.#order({ do: 'probe' });
  }

  async hangUp(leaving: boolean): Promise<void> {
    if (!this.#connected) return;
    this.#connected = false;
    if (leaving) this.#events = undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#config.close_timeout_ms + HANG_UP_MS);
    });
    const hungUp = this.#call((call) => ({ do: 'hang_up', call, leaving }));
    // A Worker that died has hung up.
    await Promise.race([hungUp.catch(() => undefined), late]);
    clearTimeout(timer);
  }

  async safetyNumber(): Promise<string> {
    return (await this.#call((call) => ({ do: 'safety_number', call }))) as string;
  }

  async invite(to: readonly string[], room_id: string, secret: Bytes): Promise<string[]> {
    return (await this.#call((call) => ({ do: 'invite', call, to, room_id, secret }))) as string[];
  }

  dispose(): void {
    this.#end('The room was left');
    this.#order({ do: 'dispose' });
    setTimeout(() => this.#port.terminate(), END_MS);
  }

  /** It threw: what it knows may be wrong by now. */
  failed(message: string): void {
    const told = this.#connected ? this.#events : undefined;
    const why = `The Worker of the room failed: ${message}`;
    this.#end(why);
    this.#port.terminate();
    told?.closed(ABNORMAL, why);
  }

  hear(report: Report): void {
    switch (report.kind) {
      case 'told':
        this.#taken = report.taken;
        this.#buffered = report.buffered;
        for (const told of report.events) this.#pass(told);
        return;
      case 'done':
        this.#take(report.call)?.resolve(report.value);
        return;
      case 'failed':
        this.#take(report.call)?.reject(errorOf(report.failure));
        return;
      case 'opened':
      case 'refused':
        return;
    }
  }

  #pass({ event, values, connection }: Told): void {
    if (OF_CONNECTION.has(event)) {
      if (!this.#connected || connection !== this.#connection) return;
      if (event === 'closed' || event === 'dead') this.#connected = false;
    }
    const listener = this.#events?.[event] as ((...values: unknown[]) => void) | undefined;
    listener?.(...values);
  }

  #order(order: Order): void {
    this.#port.post(order, []);
  }

  #call(orderOf: (call: number) => Order): Promise<string | string[] | undefined> {
    const call = this.#next_call++;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.#order(orderOf(call));
    });
  }

  #take(call: number): Call | undefined {
    const waiting = this.#calls.get(call);
    this.#calls.delete(call);
    return waiting;
  }

  #end(why: string): void {
    this.#connected = false;
    this.#events = undefined;
    for (const call of this.#calls.values()) call.reject(new AnteroomError('closed', why));
    this.#calls.clear();
  }
}

/**
 * Opens an engine in a Worker. Rejects with `WorkerUnavailable` if that does not start within `start_ms`, and with
 * `AnteroomError` where sealed rooms cannot be had. `died`: it threw later, and is of no use any more; if it had a connection,
 * that is told as closed, too.
 */
export function openWorkerEngine(
  port: WorkerPort,
  config: EngineConfig,
  events: EngineEvents,
  died: () => void,
  start_ms = START_MS,
): Promise<Engine> {
  const engine = new WorkerEngine(port, config, events);
  return new Promise((resolve, reject) => {
    let open = false;
    const refuse = (error: Error): void => {
      clearTimeout(timer);
      port.terminate();
      reject(error);
    };
    const timer = setTimeout(
      () => refuse(new WorkerUnavailable(`it did not start within ${start_ms} ms`)),
      start_ms,
    );
    port.onFailure((message) => {
      if (!open) {
        refuse(new WorkerUnavailable(message));
        return;
      }
      died();
      engine.failed(message);
    });
    port.listen((report) => {
      if (report.kind === 'refused') {
        refuse(errorOf(report.failure));
        return;
      }
      if (report.kind === 'opened') {
        open = true;
        clearTimeout(timer);
        resolve(engine);
        return;
      }
      engine.hear(report);
    });
    port.post({ do: 'open', config }, []);
  });
}
