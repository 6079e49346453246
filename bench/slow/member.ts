/** The members of a room of the benchmark, on real sockets. */
import { WebSocket } from 'ws';
import { Acks } from '../../client/src/engine/acks.ts';
import { parseControl } from '../../shared/protocol/control.ts';
import { FRAME_CLASS, readHeader } from '../../shared/protocol/frame.ts';
import type { Seat } from './relay.ts';
import { PacedSocket, type Pace } from './paced-socket.ts';
import { decodeVideo, encodeVideo } from './payload.ts';
import { Decoder, FRAME_MS, VideoSource, type VideoFrame, type VideoPlan } from './video.ts';

export const UNHINDERED: Pace = { rate: undefined, delay: 0 };

type Control = Record<string, unknown> & { type: string };

/** A connection that acknowledges as the SDK does. */
export class Member {
  readonly closed: Promise<number>;
  readonly #ws: WebSocket;
  readonly #acks: Acks;
  #slot = -1;

  private constructor(
    seat: Seat,
    pace: Pace,
    on: { control?(control: Control): void; frame?(frame: Buffer): void },
  ) {
    const options = { perMessageDeflate: false, createConnection: () => new PacedSocket(seat.port, pace) };
    this.#ws = new WebSocket(`ws://127.0.0.1:${seat.port}`, ['anteroom.v1', seat.credentials], options);
    this.#acks = new Acks((frame) => this.send(frame));
    this.#ws.on('message', (data: Buffer, binary) => {
      this.#acks.received();
      if (binary) return on.frame?.(data);
      const control = parseControl(data.toString());
      if (control?.type === 'welcome') {
        this.#slot = control['slot'] as number;
        this.#acks.start(this.#slot);
      }
      if (control !== undefined) on.control?.(control);
    });
    this.#ws.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.#ws.on('close', (code: number) => {
        this.#acks.stop();
        resolve(code);
      });
    });
  }

  /** Resolves once the relay has let it in. */
  static open(
    seat: Seat,
    pace: Pace,
    on: { control?(control: Control): void; frame?(frame: Buffer): void } = {},
  ): Promise<Member> {
    return new Promise((resolve, reject) => {
      const member = new Member(seat, pace, {
        ...on,
        control(control) {
          if (control.type === 'welcome') resolve(member);
          on.control?.(control);
        },
      });
      void member.closed.then((code) => reject(new Error(`the relay closed a socket with ${code}`)));
    });
  }

  get slot(): number {
    return this.#slot;
  }

  get open(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  send(frame: Uint8Array): void {
    if (this.open) this.#ws.send(frame);
  }

  end(): void {
    this.#ws.terminate();
  }
}

/** Sends a video, and a keyframe whenever it is asked for one. */
export class Sender {
  /** Each frame that was sent, and when, ms. */
  readonly sent: { frame: VideoFrame; at: number }[] = [];
  keyframes_asked = 0;
  /** The last level that it was told. */
  level = 0;
  readonly #keeps: boolean;
  readonly #source: VideoSource;
  #member!: Member;
  #timer: NodeJS.Timeout | undefined;
  #due = 0;

  private constructor(plan: VideoPlan, keeps: boolean) {
    this.#source = new VideoSource(plan);
    this.#keeps = keeps;
  }

  /** `keeps`: whether {@link Sender.sent} is kept. */
  static async open(seat: Seat, plan: VideoPlan, keeps = true): Promise<Sender> {
    const sender = new Sender(plan, keeps);
    sender.#member = await Member.open(seat, UNHINDERED, {
      control(control) {
        if (control.type === 'need_keyframe') {
          sender.keyframes_asked++;
          sender.#source.needKeyframe();
        } else if (control.type === 'congested') sender.level = control['level'] as number;
      },
    });
    return sender;
  }

  start(): void {
    this.#due = performance.now();
    this.#next();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.stop();
    this.#member.end();
  }

  #next(): void {
    const now = performance.now();
    while (this.#due <= now) {
      // As of when it was due: a late sender must not make the frames look young.
      const frame = this.#source.next();
      if (this.#keeps) this.sent.push({ frame, at: this.#due });
      this.#member.send(encodeVideo(frame, this.#member.slot, this.#due));
      this.#due += FRAME_MS;
    }
    this.#timer = setTimeout(() => this.#next(), Math.max(0, this.#due - performance.now()));
  }
}

/** Receives a video, and keeps what arrived of it. */
export class Receiver {
  /** Frames as they arrived: their age, ms, and whether they can be decoded. */
  readonly arrived: { id: number; at: number; age: number; good: boolean }[] = [];
  /** Frames of which the relay told that it left them out. */
  told_dropped = 0;
  readonly pace: Pace;
  readonly #decoder = new Decoder();
  #member!: Member;

  private constructor(pace: Pace) {
    this.pace = pace;
  }

  static async open(seat: Seat, pace: Pace, keeps = true): Promise<Receiver> {
    const receiver = new Receiver(pace);
    receiver.#member = await Member.open(seat, pace, {
      frame: keeps ? (frame) => receiver.#take(frame) : () => {},
      control(control) {
        if (control.type !== 'dropped') return;
        for (const { count } of control['frames'] as { count: number }[]) receiver.told_dropped += count;
      },
    });
    return receiver;
  }

  get closed(): Promise<number> {
    return this.#member.closed;
  }

  end(): void {
    this.#member.end();
  }

  #take(frame: Buffer): void {
    if (readHeader(frame).class !== FRAME_CLASS.VIDEO) return;
    const now = performance.now();
    const video = decodeVideo(frame);
    this.arrived.push({ id: video.id, at: now, age: now - video.sent_at, good: this.#decoder.take(video) });
  }
}
