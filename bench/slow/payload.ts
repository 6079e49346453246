/** What a frame of the benchmark's video carries: what it is, when it was sent, and so many bytes. */
import { encodeFrame, FRAME_CLASS, HEADER_BYTES, TO_ALL } from '../../shared/protocol/frame.ts';
import type { VideoFrame } from './video.ts';

export interface Arrived {
  id: number;
  refers_to: number;
  /** ms, of the clock of the process that sent it. */
  sent_at: number;
}

const FIELDS_BYTES = 16;

/** A whole frame of `video.bytes`, header included. */
export function encodeVideo(video: VideoFrame, source: number, now: number): Uint8Array {
  const payload = new Uint8Array(Math.max(FIELDS_BYTES, video.bytes - HEADER_BYTES));
  const view = new DataView(payload.buffer);
  view.setUint32(0, video.id);
  view.setUint32(4, video.refers_to);
  view.setFloat64(8, now);
  const { layer, keyframe } = video;
  const header = { droppable: true, e2e: false, stream: 0, source, destination: TO_ALL };
  return encodeFrame({ ...header, class: FRAME_CLASS.VIDEO, layer, keyframe }, payload);
}

export function decodeVideo(frame: Uint8Array): Arrived {
  const view = new DataView(frame.buffer, frame.byteOffset + HEADER_BYTES);
  return { id: view.getUint32(0), refers_to: view.getUint32(4), sent_at: view.getFloat64(8) };
}
