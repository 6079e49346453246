/** Server frames as a room's log has them, and what is in those that a receiver gets. */
import {
  encodeFrame,
  FRAME_CLASS,
  readHeader,
  TO_ALL,
  type FrameHeader,
} from '../../../shared/protocol/frame.ts';
import {
  headerBytesAt,
  OPCODE,
  opcodeAt,
  payloadBytesAt,
  serverFrame,
} from '../../../stream-task/lane/server-frame.ts';

/** A frame that may be left out, of stream 0 of slot 1 unless `header` says otherwise, behind a server's header. */
export function relayed(header: Partial<FrameHeader>, bytes = 100, id = 0): Uint8Array {
  const payload = new Uint8Array(bytes);
  new DataView(payload.buffer).setUint32(0, id);
  const frame = encodeFrame(
    {
      class: FRAME_CLASS.VIDEO,
      droppable: true,
      keyframe: false,
      e2e: false,
      layer: 0,
      stream: 0,
      source: 1,
      destination: TO_ALL,
      ...header,
    },
    payload,
  );
  return serverFrame(OPCODE.BINARY, frame);
}

export interface Shown extends FrameHeader {
  /** As given to {@link relayed}. */
  id: number;
  bytes: number;
}

/** Each frame of `frames`; texts as what they say. */
export function shown(frames: Uint8Array): (Shown | Record<string, unknown>)[] {
  const list: (Shown | Record<string, unknown>)[] = [];
  for (let at = 0; at < frames.length;) {
    const payload = at + headerBytesAt(frames, at);
    const end = payload + payloadBytesAt(frames, at);
    const message = new Uint8Array(frames.subarray(payload, end));
    if (opcodeAt(frames, at) === OPCODE.BINARY) {
      const id = new DataView(message.buffer).getUint32(6);
      list.push({ ...readHeader(message), id, bytes: end - at });
    } else {
      list.push(JSON.parse(Buffer.from(message).toString()) as Record<string, unknown>);
    }
    at = end;
  }
  return list;
}

export function isFrame(entry: Shown | Record<string, unknown>): entry is Shown {
  return 'id' in entry;
}
