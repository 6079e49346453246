import { describe, expect, it } from 'vitest';
import type { Pointer } from '../../../web/src/protocol/pointer.ts';
import { createPainter, createPointerBoard, createPointerSender } from '../../../web/src/state/pointers.ts';
import { movedByKey, pointerAt } from '../../../web/src/components/pointing.ts';
import { Display } from './display.ts';

const at = (x: number): Pointer => ({ x, y: 0, pressed: false, visible: true });

describe('sending the own pointer', () => {
  it.each([
    ['60', 60, 60],
    ['144', 144, 48],
    ['240', 240, 60],
  ])('on a display of %s Hz is done at most 60 times a second', (_name, rate, sends) => {
    const display = new Display(1_000 / rate);
    const sent: number[] = [];
    const move = createPointerSender((pointer) => sent.push(pointer.x) > 0, display.nextFrame);
    for (let frame = 0; frame < rate; frame++) {
      move(at(frame));
      move(at(frame + 0.5));
      display.frame();
    }
    expect(sent.length).toBe(sends);
  });

  it('takes the newest position and never loses the last one', () => {
    const display = new Display(4);
    const sent: number[] = [];
    const move = createPointerSender((pointer) => sent.push(pointer.x) > 0, display.nextFrame);
    for (const x of [1, 2, 3]) move(at(x));
    display.frame();
    move(at(4));
    display.frame();
    expect(sent).toEqual([3]);
    while (display.waiting > 0) display.frame();
    expect(sent).toEqual([3, 4]);
  });

  it('is tried again with each frame until it is done, with the newest position', () => {
    const display = new Display(16.7);
    let clear = false;
    const tried: number[] = [];
    const move = createPointerSender((pointer) => tried.push(pointer.x) > 0 && clear, display.nextFrame);
    move(at(1));
    display.frame();
    display.frame();
    move(at(2));
    display.frame();
    clear = true;
    display.frame();
    display.frame();
    expect(tried).toEqual([1, 1, 2, 2]);
    expect(display.waiting).toBe(0);
  });

  it('asks for no frames while the pointer rests', () => {
    const display = new Display(16.7);
    const move = createPointerSender(() => true, display.nextFrame);
    move(at(1));
    display.frame();
    expect(display.waiting).toBe(0);
  });
});

describe('drawing the pointers', () => {
  it('happens once a frame for each that changed, then rests', () => {
    const display = new Display(16.7);
    const drawn: string[] = [];
    const board = createPointerBoard();
    const stop = board.onChange(createPainter((id) => drawn.push(id), display.nextFrame));
    for (let x = 0; x < 5; x++) {
      board.set('a', at(x));
      board.set('b', at(x));
    }
    board.delete('nobody');
    display.frame();
    expect(drawn).toEqual(['a', 'b']);
    expect(display.waiting).toBe(0);
    board.delete('a');
    display.frame();
    expect(drawn).toEqual(['a', 'b', 'a']);
    stop();
    board.set('a', at(9));
    expect(display.waiting).toBe(0);
  });
});

describe('the place of a pointer', () => {
  const area = { left: 100, top: 50, width: 400, height: 200 };

  it('is a share of the area, and never outside of it', () => {
    expect(pointerAt({ clientX: 200, clientY: 200, buttons: 1 }, area)).toEqual({
      x: 0.25,
      y: 0.75,
      pressed: true,
      visible: true,
    });
    expect(pointerAt({ clientX: 0, clientY: 999, buttons: 0 }, area)).toMatchObject({
      x: 0,
      y: 1,
      pressed: false,
    });
  });

  it('moves by the arrow keys, from the middle at first', () => {
    const key = (key: string, shiftKey = false) => ({ key, shiftKey });
    expect(movedByKey(undefined, key('ArrowRight'))).toMatchObject({ x: 0.52, y: 0.5, visible: true });
    expect(movedByKey(at(0.95), key('ArrowRight', true))).toMatchObject({ x: 1, y: 0 });
    expect(movedByKey(at(0.5), key('ArrowUp'))).toMatchObject({ x: 0.5, y: 0 });
    expect(movedByKey(at(0.5), key('a'))).toBeUndefined();
  });
});
