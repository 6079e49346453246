import { describe, expect, it } from 'vitest';
import { slowOptions } from '../../../bench/slow/options.ts';
import { decodeVideo, encodeVideo } from '../../../bench/slow/payload.ts';
import { goalsOf } from '../../../bench/slow/report.ts';
import type { ReceiverResult } from '../../../bench/slow/run.ts';
import { verdict, type SoakSample } from '../../../bench/slow/soak.ts';
import { Decoder, VIDEO, VideoSource } from '../../../bench/slow/video.ts';
import { readHeader } from '../../../shared/protocol/frame.ts';

describe('bench:slow', () => {
  it('takes what it is told', () => {
    expect(slowOptions([])).toEqual({
      seconds: 20,
      rates: [40_000, 60_000, 90_000],
      together: false,
      video: VIDEO,
      soak: undefined,
      json: false,
    });
    const { soak, video } = slowOptions(['--minutes', '10', '--stalled', '30', '--shares', '50,20,30']);
    expect(soak).toEqual({ minutes: 10, stalled: 30, rooms: 5, receivers: 10 });
    expect(video.shares).toEqual([0.5, 0.2, 0.3]);
  });

  it.each([
    [['--seconds', '0'], '--seconds takes a number from 1 to 3600, not 0'],
    [['--rates', '40,'], '--rates takes a number from 1 to 100000, not '],
    [['--shares', '50,20,40'], '--shares takes three percentages that make 100, not 50,20,40'],
    [['--stalled', '101'], '--stalled takes a number from 0 to 100, not 101'],
  ])('refuses %j', (args, message) => {
    expect(() => slowOptions(['--minutes', '1', ...args])).toThrow(message);
  });

  it('makes a video of 30 frames and 800 kbit/s in three layers, and keyframes when asked', () => {
    const source = new VideoSource(VIDEO);
    expect(source.next()).toMatchObject({ id: 1, layer: 0, keyframe: true, refers_to: 0 });
    const second = Array.from({ length: 60 }, () => source.next());
    const bytes = [0, 1, 2].map((layer) =>
      second.filter((frame) => frame.layer === layer).reduce((sum, frame) => sum + frame.bytes, 0),
    );
    expect(bytes.map((sum) => Math.round(sum / 1_000))).toEqual([80, 40, 80]);
    expect(second.slice(0, 8).map(({ layer }) => layer)).toEqual([2, 1, 2, 0, 2, 1, 2, 0]);
    source.needKeyframe();
    const keyframe = source.next();
    expect(keyframe).toMatchObject({ layer: 0, keyframe: true, refers_to: 0 });
    expect(Array.from({ length: 5 }, () => source.next()).map(({ refers_to }) => refers_to)).toEqual(
      [0, 0, 2, 0, 4].map((back) => keyframe.id + back),
    );
  });

  it('counts a frame only if what it refers to was decoded', () => {
    const source = new VideoSource(VIDEO);
    const frames = Array.from({ length: 12 }, () => source.next());
    const decoder = new Decoder();
    // Without the second frame of layer 0, which is the fifth, nothing of the second four and later is good.
    const good = frames.filter(({ id }) => id !== 5).map((frame) => decoder.take(frame));
    expect(good).toEqual([true, true, true, true, ...Array.from({ length: 7 }, () => false)]);
  });

  it('sends what can be read back', () => {
    const frame = encodeVideo({ id: 7, refers_to: 6, layer: 2, keyframe: false, bytes: 2_000 }, 3, 1234.5);
    expect(frame).toHaveLength(2_000);
    expect(readHeader(frame)).toMatchObject({ class: 3, droppable: true, layer: 2, source: 3 });
    expect(decodeVideo(frame)).toEqual({ id: 7, refers_to: 6, sent_at: 1234.5 });
  });

  it('says which goals were met, of those whose receivers were there', () => {
    const result = (receiver: string, fps: number, age_p95_ms: number): ReceiverResult => ({
      room: '1',
      receiver,
      fps,
      age_p50_ms: 1,
      age_p95_ms,
      left_out: [0, 0, 0],
      frames_sent: 600,
      keyframes_asked: 0,
    });
    const met = goalsOf([result('fast', 30, 5), result('60 kB/s', 9, 300)]).map(({ met }) => met);
    expect(met).toEqual([true, false, true, true]);
  });

  it('takes memory for grown if its last third is above the one before', () => {
    const samples = (rss: (i: number) => number): SoakSample[] =>
      Array.from({ length: 30 }, (_, i) => ({
        seconds: i * 5,
        rss: rss(i) * 1_048_576,
        used: 0,
        clients: 1,
      }));
    expect(verdict(samples((i) => 100 + (i < 10 ? i * 5 : 50))).grows).toBe(false);
    expect(verdict(samples((i) => 100 + i * 4)).grows).toBe(true);
  });
});
