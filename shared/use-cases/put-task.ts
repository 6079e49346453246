import { hostBelongs, isAddress, isPublicAddress } from '../domain/address.ts';
import { isOpen } from '../domain/room.ts';
import type { Fault } from '../protocol/problem.ts';
import type { PutTaskRequest, PutTaskResponse } from '../protocol/api.ts';
import { inParallel } from './parallel.ts';
import { placePending } from './place-pending.ts';
import type { Deps } from './deps.ts';
import { done, refuse, type Outcome } from './outcome.ts';

/** What is wrong with where the task says it is. `remote` is the `Remote` header. */
function addressFaults({ policy }: Deps, request: PutTaskRequest, remote: string | undefined): Fault[] {
  if (remote === undefined || !isAddress(remote)) {
    return [{ path: 'Remote', message: 'the header must be the public IP address of the task' }];
  }
  const faults: Fault[] = [];
  if (!policy.ALLOW_PRIVATE_ADDRESSES && !isPublicAddress(remote)) {
    faults.push({
      path: 'Remote',
      message: `${remote} is not a public address: set PUBLIC_ADDRESS of the task`,
    });
  }
  if (
    !URL.canParse(request.url) ||
    !hostBelongs(request.url, { task_id: request.task_id, instance_ip: remote }, policy.TASK_ZONE)
  ) {
    const { TASK_ZONE } = policy;
    const zone = TASK_ZONE === undefined ? '' : ` or ${request.task_id.toLowerCase()}.${TASK_ZONE}`;
    faults.push({ path: 'url', message: `its host must be ${remote}${zone}` });
  }
  return faults;
}

/** The rooms of `request` that the task does not own at that epoch (any more), with the new place where there is one. */
async function notOwned(
  { store, clock }: Deps,
  request: PutTaskRequest,
): Promise<PutTaskResponse['not_owned']> {
  if (request.rooms.length === 0) return [];
  // A room's row is written before its task hears of it, so a row that is missing now was taken away.
  const rows = new Map((await store.listTaskRooms(request.task_id)).map((row) => [row.room_id, row.epoch]));
  const lost = request.rooms.filter((room) => rows.get(room.room_id) !== room.epoch);
  return inParallel(lost, async ({ room_id, epoch }) => {
    const room = await store.getRoom(room_id);
    // A room of the same number that was created since is another room.
    const same = room !== undefined && room.created_at <= epoch;
    const elsewhere = same && isOpen(room, clock.now()) && room.epoch > epoch;
    return elsewhere
      ? { room_id, epoch, moved_to: { url: room.url, epoch: room.epoch } }
      : { room_id, epoch };
  });
}

/**
 * Registers a task or renews its lease (rules 8 and 10), takes over the connects that it reports, and tells it which of
 * its rooms are no longer its own. `remote`: the `Remote` header. Refusal: `invalid_request`.
 */
export async function putTask(
  deps: Deps,
  request: PutTaskRequest,
  remote: string | undefined,
): Promise<Outcome<PutTaskResponse>> {
  const { store, clock, policy, telemetry } = deps;
  const faults = addressFaults(deps, request, remote);
  if (request.region !== policy.REGION) {
    faults.push({ path: 'region', message: `this router serves ${policy.REGION}` });
  }
  if (!policy.KINDS.includes(request.kind)) {
    faults.push({ path: 'kind', message: `must be one of ${policy.KINDS.join(', ')} here` });
  }
  if (faults.length > 0 || remote === undefined) {
    return refuse('invalid_request', 'The router cannot take this task.', { faults });
  }

  const now = clock.now();
  const { rooms: _rooms, connects, ...report } = request;
  const result = await store.putTask({
    ...report,
    state_since: now,
    instance_ip: remote,
    lease_until: now + policy.LEASE,
  });
  if (result.kind === 'stale' && result.task.started_at !== request.started_at) {
    telemetry.warn('two processes report as one task', { task_id: request.task_id });
    return refuse(
      'task_id_taken',
      `A newer process reports as task ${request.task_id}: give each its own TASK_ID.`,
    );
  }
  if (result.kind === 'registered') {
    telemetry.count('tasks_registered');
    telemetry.info('task registered', { task_id: request.task_id, url: request.url, kind: request.kind });
  }
  const [not_owned] = await Promise.all([
    notOwned(deps, request),
    // Rooms may wait for just this task.
    result.kind === 'registered' ? placePending(deps, request.kind, [result.task]) : undefined,
    inParallel(connects, (client) => store.markConnected(client, now)),
  ]);
  const { state, lease_until } = result.task;
  return done({ task_id: request.task_id, state, lease_until, not_owned });
}
