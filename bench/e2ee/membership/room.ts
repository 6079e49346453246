/** Members of a sealed room in this process, over a relay in memory, in real time. */
import type { ChannelEvents, Standing } from '../../../client/src/e2ee/channel.ts';
import { SealedChannel } from '../../../client/src/e2ee/sealed-channel.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import type { RelayLimits } from '../../../shared/protocol/control.ts';
import { destinationOf, FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import { countFrame, emptyTally, generationOf } from './tally.ts';
import type { Tally } from './tally.ts';

const ROOM_ID = '12345';
const LIMITS: RelayLimits = {
  max_frame_bytes: 65_536,
  max_control_bytes: 4_096,
  messages_per_second: 10_000,
  bytes_per_second: 100_000_000,
  send_budget_bytes: 1_048_576,
  max_clients: 64,
};

export interface RoomMember {
  client_id: string;
  slot: number;
  channel: SealedChannel;
  standing: Standing;
  /** CPU time that its code took so far, ms. */
  cpu_ms: number;
  /** Of the key that it sealed its latest unsigned frame with. */
  generation: number | undefined;
  timer: NodeJS.Timeout | undefined;
}

interface Task {
  member: RoomMember;
  work: () => void;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

export class BenchRoom {
  readonly members: RoomMember[] = [];
  tally: Tally = emptyTally();
  /** What went wrong; nothing should. */
  readonly troubles: string[] = [];
  /** Called after each step of a member. */
  stepped: () => void = () => undefined;
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));
  readonly #tasks: Task[] = [];
  #next_slot = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor() {
    void this.#run();
  }

  /** Lets another client in. It becomes sealed later. */
  async join(client_id: string): Promise<RoomMember> {
    const member: RoomMember = {
      client_id,
      slot: this.#next_slot++,
      channel: undefined as never,
      standing: { sealed: [], securing: [], unsealed: [], disagreeing: [] },
      cpu_ms: 0,
      generation: undefined,
      timer: undefined,
    };
    const started = cpuMs();
    member.channel = await SealedChannel.create(
      {
        crypto: nodeCrypto,
        fill: (bytes) => void crypto.getRandomValues(bytes),
        clock: () => performance.now(),
        room_id: ROOM_ID,
        secret: this.#secret.slice(),
      },
      this.#eventsOf(member),
    );
    member.cpu_ms += cpuMs() - started;
    const others = [...this.members];
    this.members.push(member);
    const { slot } = member;
    const clients = others.map(({ client_id, slot }) => ({ client_id, slot }));
    this.#do(member, () => {
      member.channel.welcome({
        type: 'welcome',
        room_id: ROOM_ID,
        epoch: 1,
        slot,
        clients,
        limits: LIMITS,
        resume_grace_ms: 15_000,
      });
    });
    for (const other of others) {
      this.#do(other, () => other.channel.joined({ type: 'joined', client_id, slot }));
    }
    return member;
  }

  /** As the SDK leaves: BYE, then the relay says that it is gone. */
  async leave(member: RoomMember): Promise<void> {
    await new Promise<void>((resolve) => this.#do(member, () => resolve(member.channel.bye())));
    this.#remove(member);
    const { client_id, slot } = member;
    for (const other of this.members) {
      this.#do(other, () => other.channel.left({ type: 'left', client_id, slot, reason: 'gone' }));
    }
  }

  /** Each member sends a pose to the next, so that it shows which key it uses. */
  sendPoses(): void {
    this.members.forEach((member, i) => {
      const to = this.members[(i + 1) % this.members.length]!.client_id;
      this.#do(member, () => {
        const payload = new Uint8Array(32);
        const { POSE } = FRAME_CLASS;
        member.channel.send({
          class: POSE,
          payload,
          stream: 0,
          layer: 0,
          droppable: true,
          keyframe: false,
          to,
        });
      });
    });
  }

  /** Whether all are sealed with all others. */
  get isWhole(): boolean {
    const others = this.members.length - 1;
    return this.members.every(({ standing }) => standing.sealed.length === others);
  }

  /** Nothing waits to be done. */
  get isIdle(): boolean {
    return this.#tasks.length === 0;
  }

  close(): void {
    this.#closed = true;
    while (this.members.length > 0) this.#remove(this.members[0]!);
    this.#wake?.();
  }

  #remove(member: RoomMember): void {
    clearTimeout(member.timer);
    member.channel.close();
    this.members.splice(this.members.indexOf(member), 1);
  }

  #eventsOf(member: RoomMember): ChannelEvents {
    const ignore = (): void => undefined;
    return {
      send: (frame) => this.#relay(member, frame.slice()),
      secured: ignore,
      joined: ignore,
      left: ignore,
      frame: ignore,
      move: ignore,
      standing: (standing) => (member.standing = standing),
      trouble: (trouble) => this.troubles.push(`${member.client_id}: ${JSON.stringify(trouble)}`),
      alarm: (at) => {
        clearTimeout(member.timer);
        const due = Math.max(0, at - performance.now());
        member.timer = setTimeout(() => this.#do(member, () => member.channel.tick()), due);
      },
    };
  }

  #relay(from: RoomMember, frame: Uint8Array<ArrayBuffer>): void {
    const destination = destinationOf(frame);
    const receivers = this.members.filter(
      (member) => member !== from && (destination === TO_ALL || destination === member.slot),
    );
    countFrame(this.tally, frame, receivers.length);
    from.generation = generationOf(frame) ?? from.generation;
    for (const to of receivers) this.#do(to, () => to.channel.receive(frame.slice()));
  }

  #do(member: RoomMember, work: () => void): void {
    this.#tasks.push({ member, work });
    this.#wake?.();
  }

  /** One task after the other, each until nothing of it is left to do, so that its time is known to be its member's. */
  async #run(): Promise<void> {
    while (!this.#closed) {
      const task = this.#tasks.shift();
      if (task === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
        continue;
      }
      if (!this.members.includes(task.member)) continue;
      const started = cpuMs();
      task.work();
      await turn();
      task.member.cpu_ms += cpuMs() - started;
      this.stepped();
    }
  }
}
