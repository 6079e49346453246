import { describe, expect, it } from 'vitest';
import { readControl } from '../../../client/src/control.ts';
import { MOST_DROPPED } from '../../../shared/protocol/control.ts';
import { MAX_SLOT } from '../../../shared/protocol/frame.ts';

const ID = '0b5c0e2a-9c9e-4a8e-9f63-0d5a5a1b2c3d';
const WELCOME = {
  type: 'welcome',
  room_id: '00157',
  epoch: 3,
  slot: 0,
  clients: [{ slot: MAX_SLOT, client_id: ID }],
  limits: {
    max_frame_bytes: 65_536,
    max_control_bytes: 4_096,
    messages_per_second: 1_000,
    bytes_per_second: 4_194_304,
    send_budget_bytes: 1_048_576,
    max_clients: 10,
  },
  resume_grace_ms: 15_000,
};

const DROPPED = { slot: 1, class: 'pose', stream: 31, count: 1 };
const dropped = (change: object) => ({ type: 'dropped', frames: [DROPPED, { ...DROPPED, ...change }] });

describe('readControl', () => {
  it.each([
    WELCOME,
    { ...WELCOME, motd: 'hello', limits: { ...WELCOME.limits, more: 'of it' } },
    { type: 'joined', slot: 1, client_id: ID },
    { type: 'left', slot: 1, client_id: ID, reason: 'gone' },
    { type: 'left', slot: 1, client_id: ID, reason: 'resuming' },
    { type: 'moved', epoch: 4, reason: 'drain' },
    { type: 'moved', epoch: 4, reason: 'rehomed', url: 'wss://b.example' },
    { type: 'need_keyframe', stream: 31 },
    { type: 'congested', level: 3, receivers: 499 },
    { type: 'congested', level: 0, receivers: 0 },
    { type: 'dropped', frames: [] },
    dropped({ class: 'video', stream: 0, count: 2 ** 40 }),
    dropped({ class: 'audio', slot: MAX_SLOT }),
    { type: 'dropped', frames: Array.from({ length: MOST_DROPPED }, () => DROPPED) },
  ])('reads $type', (control) => {
    expect(readControl(JSON.stringify(control))).toEqual({ kind: 'control', control });
  });

  it.each(['alive', 'draining', 'from_the_future', 'toString', '__proto__'])('ignores %s', (type) => {
    expect(readControl(JSON.stringify({ type }))).toEqual({ kind: 'ignored' });
  });

  it.each(['', 'hello', 'null', '[]', '{}', '{"type":5}', '"welcome"'])('holds %j for malformed', (text) => {
    expect(readControl(text)).toMatchObject({ kind: 'malformed' });
  });

  it.each([
    { ...WELCOME, slot: MAX_SLOT + 1 },
    { ...WELCOME, slot: '0' },
    { ...WELCOME, clients: undefined },
    { ...WELCOME, clients: [{ slot: 1, client_id: 'me' }] },
    { ...WELCOME, clients: [null] },
    { ...WELCOME, limits: undefined },
    { ...WELCOME, limits: { ...WELCOME.limits, max_frame_bytes: -1 } },
    { ...WELCOME, resume_grace_ms: null },
    { type: 'joined', slot: 1 },
    { type: 'joined', slot: -1, client_id: ID },
    { type: 'left', slot: 1, client_id: ID, reason: 'bored' },
    { type: 'moved' },
    { type: 'need_keyframe' },
    { type: 'need_keyframe', stream: 32 },
    { type: 'need_keyframe', stream: 0.5 },
    { type: 'congested' },
    { type: 'congested', level: 4, receivers: 1 },
    { type: 'congested', level: '1', receivers: 1 },
    { type: 'congested', level: 1 },
    { type: 'congested', level: 1, receivers: -1 },
    { type: 'congested', level: 1, receivers: MAX_SLOT + 1 },
    { type: 'dropped' },
    { type: 'dropped', frames: { length: 1 } },
    { type: 'dropped', frames: [null] },
    { type: 'dropped', frames: Array.from({ length: MOST_DROPPED + 1 }, () => DROPPED) },
    dropped({ slot: MAX_SLOT + 1 }),
    dropped({ class: 'msg' }),
    dropped({ class: 'toString' }),
    dropped({ class: 2 }),
    dropped({ stream: 32 }),
    dropped({ count: 0 }),
    dropped({ count: 1.5 }),
    dropped({ count: undefined }),
  ])('holds %j for malformed', (control) => {
    expect(readControl(JSON.stringify(control))).toEqual({
      kind: 'malformed',
      message: `The relay sent a malformed "${control.type}" message`,
    });
  });
});
