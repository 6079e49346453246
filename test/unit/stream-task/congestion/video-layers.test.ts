import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decoder, VIDEO, VideoSource } from '../../../../bench/slow/video.ts';
import { VideoLayers } from '../../../../stream-task/congestion/video-layers.ts';

/** Layers as `0`–`7`, a keyframe as `K`; what goes through while only layers up to `tops` may. */
function through(frames: string, tops: string): string {
  const video = new VideoLayers();
  return Array.from(frames, (frame, i) => {
    const keyframe = frame === 'K';
    const top = tops[i] === '-' ? -1 : Number(tops[i]);
    const verdict = video.decide(3, keyframe ? 0 : Number(frame), keyframe, top, top >= 0);
    return verdict === 'pass' ? frame : '.';
  }).join('');
}

describe('video layers', () => {
  it.each([
    ['all', 'K21202120', '777777777', 'K21202120'],
    ['layer 2 alone', 'K21202120', '711111111', 'K.1.0.1.0'],
    ['layers 2 and 1', 'K21202120', '700000000', 'K...0...0'],
    ['from layer 2 on only until a lower layer comes', 'K21202120', '717777777', 'K.1202120'],
    ['from layer 1 on only until layer 0 comes', 'K21202120', '770777777', 'K2..02120'],
    ['everything after layer 0, until a keyframe', 'K2120212K212', '7777-7777777', 'K212....K212'],
    ['a keyframe that comes too early, until the next', 'K2120K12K212', '7777---77777', 'K212....K212'],
    ['layers above 2 as layer 2', 'K37142', '711111', 'K..1..'],
  ])('leaves out %s', (_, frames, tops, expected) => {
    expect(through(frames, tops)).toBe(expected);
  });

  it('takes a keyframe in another layer than 0 for none', () => {
    const video = new VideoLayers();
    expect(video.decide(0, 0, false, -1, false)).toBe('await_keyframe');
    expect(video.decide(0, 1, true, 7, true)).toBe('await_keyframe');
    expect(video.decide(0, 0, true, 7, true)).toBe('pass');
  });

  it('goes on behind a keyframe that had to pass', () => {
    const video = new VideoLayers();
    video.decide(0, 0, false, -1, false);
    video.passed(0, 0, false);
    expect(video.awaits(0)).toBe(true);
    video.passed(0, 0, true);
    expect(video.awaits(0)).toBe(false);
    expect(video.gaps).toBe(0);
  });

  it('keeps the streams apart, and counts those with a gap', () => {
    const video = new VideoLayers();
    for (const stream of [0, 5, 31]) video.decide(stream, 1, false, 0, true);
    expect(video.gaps).toBe(3);
    expect(video.decide(6, 1, false, 1, true)).toBe('pass');
    expect(video.decide(5, 0, false, 0, true)).toBe('pass');
    expect(video.gaps).toBe(2);
  });

  it('lets nothing pass that cannot be decoded, whatever the receiver can take from frame to frame', () => {
    const top = fc.constantFrom(-1, 0, 0, 1, 1, 7, 7, 7);
    const plan = fc.array(fc.record({ top, keyframe: fc.boolean(), times: fc.integer({ min: 1, max: 5 }) }), {
      maxLength: 60,
      size: 'max',
    });
    fc.assert(
      fc.property(plan, (steps) => {
        const video = new VideoLayers();
        const source = new VideoSource(VIDEO);
        const decoder = new Decoder();
        for (const { top, keyframe, times } of steps) {
          if (keyframe && times === 1) source.needKeyframe();
          for (let i = 0; i < times; i++) {
            const frame = source.next();
            if (video.decide(0, frame.layer, frame.keyframe, top, top >= 0) !== 'pass') continue;
            expect(decoder.take(frame)).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
