import { expect, it } from 'vitest';
import { Waiting } from '../../../client/src/e2ee/waiting.ts';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';

it('a message that waits is a copy, also of a Buffer, whose slice would be a view', () => {
  const waiting = new Waiting();
  const fields = { class: FRAME_CLASS.MSG, stream: 0, layer: 0, droppable: false, keyframe: false };
  for (const payload of [Buffer.from('said'), new TextEncoder().encode('said')]) {
    waiting.add({ ...fields, payload, to: undefined });
    payload.fill(0);
  }
  expect(waiting.take().map(({ payload }) => new TextDecoder().decode(payload))).toEqual(['said', 'said']);
});
