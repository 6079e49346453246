import { describe, expect, it } from 'vitest';
import { requestKey } from '../../../shared/domain/idempotency.ts';
import { joinRoom } from '../../../shared/use-cases/join-room.ts';
import { resumeFrom } from '../../../shared/use-cases/resume-client.ts';
import { connectedRoom, granted, makeWorld, refused, type World } from '../../support/world.ts';

const ADDRESS = '203.0.113.7';
const NOBODY = { client_id: '00000000-0000-4000-8000-000000000000', ticket: 'A'.repeat(43) };

async function limitedWorld() {
  const world = await makeWorld({ FAILED_JOINS: '3', FAILED_JOINS_WINDOW: '60s' });
  await world.addTask('a');
  return world;
}

const join = (world: World, room_id: string, address = ADDRESS) =>
  joinRoom(world.deps, { room_id }, { address });
const code = async (outcome: ReturnType<typeof join>) => {
  const result = await outcome;
  return result.ok ? 'granted' : result.refusal.code;
};

/** Joins that find nothing, until the source is limited. */
async function exhaust(world: World): Promise<void> {
  for (let n = 0; n < 3; n++) expect(await code(join(world, `${10_000 + n}`))).toBe('room_not_found');
}

describe('failed joins', () => {
  it('are refused beyond the limit, whether there is such a room or not, until the window is over', async () => {
    const world = await limitedWorld();
    const { room_id } = await connectedRoom(world, 8);
    world.advance(1_000);
    await exhaust(world);
    world.advance(30_000);
    for (const room of ['10007', room_id]) {
      expect(await refused(join(world, room))).toMatchObject({ code: 'rate_limited', retry_after_s: 30 });
    }
    world.advance(30_000);
    await world.heartbeat(world.tasks.get('a')!);
    expect(await code(join(world, room_id))).toBe('granted');
  });

  it('do not tell more than the limit allows, however many come at once', async () => {
    const world = await limitedWorld();
    const codes = await Promise.all(Array.from({ length: 20 }, (_, n) => code(join(world, `${20_000 + n}`))));
    expect(codes.filter((one) => one === 'room_not_found')).toHaveLength(3);
    expect(codes.filter((one) => one === 'rate_limited')).toHaveLength(17);
  });

  it('count for their source alone', async () => {
    const world = await limitedWorld();
    const { room_id } = await connectedRoom(world, 8);
    await exhaust(world);
    expect(await code(join(world, room_id, '203.0.113.8'))).toBe('granted');
    expect(await code(join(world, '10007', '2001:db8::1'))).toBe('room_not_found');
  });

  it('are not joined by successes, nor by a room that is full', async () => {
    const world = await limitedWorld();
    const { room_id } = await connectedRoom(world, 5);
    for (let n = 0; n < 4; n++) expect(await code(join(world, room_id))).toBe('granted');
    for (let n = 0; n < 4; n++) expect(await code(join(world, room_id))).toBe('room_full');
    await exhaust(world);
    expect(await code(join(world, '10007'))).toBe('rate_limited');
  });

  it('never keep a member from coming back; resumes that find nothing keep nobody from joining, and tell no rooms beyond the limit', async () => {
    const world = await limitedWorld();
    const grant = await connectedRoom(world, 8);
    const { room_id, client_id, ticket } = grant;
    const resume = (client: typeof NOBODY, room = room_id) =>
      resumeFrom(world.deps, { room_id: room, ...client }, ADDRESS);
    expect(await code(resume(NOBODY))).toBe('client_not_found');
    expect(await code(resume(NOBODY, '10001'))).toBe('room_not_found');
    expect(await code(resume({ client_id, ticket: NOBODY.ticket }))).toBe('client_not_found');
    for (const room of [room_id, '10002']) expect(await code(resume(NOBODY, room))).toBe('client_not_found');
    expect(await code(resume({ client_id, ticket }))).toBe('granted');
    expect(await code(join(world, room_id))).toBe('granted');
    await exhaust(world);
    expect(await code(resume({ client_id, ticket }))).toBe('granted');
  });

  it('do not keep a granted join from being repeated with its key', async () => {
    const world = await limitedWorld();
    const { room_id } = await connectedRoom(world, 8);
    const key = requestKey('k'.repeat(22), 'POST /join-room', { room_id });
    const repeat = () => granted(joinRoom(world.deps, { room_id }, { address: ADDRESS, key }));
    const { ticket } = await repeat();
    await exhaust(world);
    expect((await repeat()).ticket).toBe(ticket);
  });

  it('do not keep from a join what became of it', async () => {
    const world = await limitedWorld();
    const { room_id } = await connectedRoom(world, 8);
    const key = requestKey('k'.repeat(22), 'POST /join-room', { room_id });
    const dies = {
      ...world.deps,
      tasks: { ...world.deps.tasks, register: () => new Promise<never>(() => {}) },
    };
    void joinRoom(dies, { room_id }, { address: ADDRESS, key });
    while ((await world.store.getRoom(room_id))?.clients !== 2) await Promise.resolve();
    await exhaust(world);
    const repeat = () => code(joinRoom(world.deps, { room_id }, { address: ADDRESS, key }));
    expect(await repeat()).toBe('request_in_flight');
    world.advance(20_000);
    expect(await repeat()).toBe('granted');
  });

  it('are not limited with FAILED_JOINS=0', async () => {
    const world = await makeWorld({ FAILED_JOINS: '0' });
    for (let n = 0; n < 50; n++) expect(await code(join(world, `${30_000 + n}`))).toBe('room_not_found');
  });
});
