/** A task without the router: whatever keeps them apart, it relays, and says in its log what is wrong. */
import { describe, expect, it } from 'vitest';
import { startFakeRouter } from '../../support/fake-router.ts';
import { newClient, seatOf } from '../../support/relay.ts';
import { lineLog, type LineLog } from '../../support/line-log.ts';
import { connectTo, enter, registerAt, startWholeTask } from '../../support/whole-task.ts';

/** Where a task writes its log; each line is one JSON object. */
const destination = (log: LineLog) => ({ write: (text: string) => log.print(text.trim()) });

const parse = (line: string) => JSON.parse(line) as Record<string, unknown>;

describe('a task that the router refuses', () => {
  it.each([
    [401, 'its token is not valid there'],
    [409, 'a newer process reports under its task id'],
    [422, 'the router does not take its address'],
  ])('with %i, since %s: it goes on relaying, and an error is in the log', async (status) => {
    await using router = await startFakeRouter();
    const log = lineLog();
    router.put_answers.push({ lease_until: Date.now() - 1 });
    await using running = await startWholeTask(router, { log: destination(log) });
    await running.task.registered;
    const a = await enter(running);
    router.put_answer = status;
    const refused = parse(await log.printed(/put-task failed/));
    expect(refused).toMatchObject({ level: 'error', status, failures: 1 });
    expect(parse(await log.printed(/lease has run out/))['level']).toBe('error');

    // Who has a seat may still come, and the room is told of it.
    const late = newClient();
    await registerAt(running, { room_id: a.room_id, clients: [seatOf(late)] });
    const peer = await connectTo(running, a.room_id, late);
    await peer.welcomed();
    await a.peer.control('joined');
    await log.printed(/"failures":3/);
    expect([a.peer.open, peer.open]).toEqual([true, true]);
    expect(log.text().match(/lease has run out/g), 'said once').toHaveLength(1);

    router.put_answer = {};
    expect(parse(await log.printed(/the router answers again/))['level']).toBe('info');
    expect(log.text()).not.toContain(a.client.ticket);
    for (const { ws } of [a.peer, peer]) ws.terminate();
  });
});

describe('a task whose calls get no answer', () => {
  it('gives each up in time and makes the next, the newest last', async () => {
    await using router = await startFakeRouter();
    const log = lineLog();
    const never = Promise.withResolvers<object>();
    router.put_answers.push(never.promise, never.promise);
    await using running = await startWholeTask(router, {
      log: destination(log),
      timing: { router_call: 100 },
    });
    await running.task.registered;
    expect(parse(await log.printed(/put-task failed/))).toMatchObject({ level: 'warn', failures: 1 });
    const sequence = [];
    for (let n = 0; n < 3; n++) sequence.push((await router.asked.next()).heartbeat_seq);
    // One that was given up before it was on its way did not come.
    expect(sequence).toEqual([...new Set(sequence)].toSorted((a, b) => a - b));
    never.resolve({});
  });

  it('sends on those who stayed as soon as one is answered again', async () => {
    await using router = await startFakeRouter();
    await using running = await startWholeTask(router, { timing: { moved_close: 20 } });
    await running.task.registered;
    router.put_answer = 0;
    const room = await enter(running);
    await router.puts.nextThat(({ status, request }) => status === 0 && request.rooms.length === 1);
    expect(room.peer.open).toBe(true);
    const moved_to = { url: 'ws://203.0.113.9:5001', epoch: 2 };
    router.put_answer = { not_owned: [{ room_id: room.room_id, epoch: 1, moved_to }] };
    expect(await room.peer.control('moved')).toEqual({ type: 'moved', ...moved_to, reason: 'rehomed' });
    expect((await room.peer.closed).code).toBe(4503);
  });
});
