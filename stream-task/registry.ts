/**
 * Which pairs may connect, and who is connected: the relay's whole state, in memory only. The router writes it by
 * `register`; sockets open and break on it; what follows for the router is said through {@link RegistryEvents}.
 */
import { ticketHash, ticketMatches } from '../shared/domain/ticket.ts';
import type { PutTaskRequest, RegisterRequest, TaskRooms } from '../shared/protocol/api.ts';
import { CLOSE } from '../shared/protocol/close-codes.ts';
import type { Credentials, Protocol } from '../shared/protocol/subprotocol.ts';
import type { Moved } from '../shared/protocol/control.ts';
import { countOne } from './counts.ts';
import { Departures, endAll, FAREWELL } from './departures.ts';
import { Phase } from './phase.ts';
import { Rate } from './rate.ts';
import type { Admission, Mode, NotOwned, Place, RegisterResult, RegistryDeps } from './registry-types.ts';
import { keepWaiting } from './seat-timer.ts';
import { newSeat, roomView, SeatedRoom, vacate, type Seat } from './seats.ts';
import { Session } from './session.ts';
import type { ClientSocket, Ending } from './session-types.ts';

/** The part of CONNECT_TIMEOUT that the clients of a room that was moved may take to go where their seats wait. */
const SEAT_USE = 2 / 3;

/** Compared with when the pair is unknown, so that an unknown pair takes as long as a wrong ticket. */
const NO_HASH = ticketHash('');

export class Registry {
  readonly #deps: RegistryDeps;
  readonly #rooms = new Map<string, SeatedRoom>();
  readonly #departures: Departures;
  readonly #phase = new Phase();

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
    const { timing, pulse } = deps.host;
    this.#departures = new Departures(timing.lost_kept, pulse, () => this.#emptied());
  }

  get mode(): Mode {
    return this.#phase.mode;
  }

  get rooms(): number {
    return this.#rooms.size;
  }

  /** Clients whose socket is open, those of rooms that were moved included. */
  get clients(): number {
    let clients = this.#departures.clients;
    for (const room of this.#rooms.values()) clients += room.members.length;
    return clients;
  }

  /** Takes no new rooms from now on, and tells the clients (R62) unless all ends at once. `limit`: for how long, ms. */
  drain(limit = 0): void {
    if (!this.#phase.drain(limit)) return;
    if (limit > 0) {
      for (const room of this.#rooms.values()) room.announce({ type: 'draining', deadline_ms: limit });
    }
    this.#emptied();
  }

  /** Resolves when it drains and nobody is left: neither a seat nor a client. */
  get drained(): Promise<void> {
    return this.#phase.drained;
  }

  /** Ends every connection with 4503; the seats stay the router's to place anew, so nothing is reported. */
  stop(): void {
    this.#phase.stop();
    for (const room of this.#rooms.values()) endAll(room, this.#forget(room), 'draining');
    this.#departures.stop();
  }

  #emptied(): void {
    if (this.#rooms.size === 0 && this.#departures.rooms === 0) this.#phase.empty();
  }

  /** The rooms as a heartbeat reports them. */
  roomEpochs(): PutTaskRequest['rooms'] {
    return Array.from(this.#rooms.values(), ({ room_id, epoch }) => ({ room_id, epoch }));
  }

  /** The epoch at which the room is served here; undefined if it is not. */
  epochOf(room_id: string): number | undefined {
    return this.#rooms.get(room_id)?.epoch;
  }

  /** The rooms, or the one room, as `GET /rooms` shows them. */
  snapshot(room_id?: string): TaskRooms['rooms'] {
    const one = room_id === undefined ? undefined : this.#rooms.get(room_id);
    const rooms = room_id === undefined ? this.#rooms.values() : one === undefined ? [] : [one];
    return Array.from(rooms, roomView);
  }

  /** `POST /register`: idempotent. */
  register(request: RegisterRequest): RegisterResult {
    const result = this.#register(request);
    countOne(this.#deps.host.counts.registers, result.kind === 'registered' ? result.kind : result.code);
    return result;
  }

  #register(request: RegisterRequest): RegisterResult {
    const { room_id, epoch } = request;
    if (this.mode === 'stopped') return { kind: 'refused', code: 'task_draining' };
    if (this.#departures.lost.has(room_id, epoch)) return { kind: 'refused', code: 'stale_epoch' };
    let room = this.#rooms.get(room_id);
    if (room !== undefined && epoch > room.epoch && room.created_at !== request.created_at) {
      // The number was given to another room: that one has been closed, and its clients have no business in this one.
      this.#departures.note(room_id, room.epoch);
      endAll(room, this.#forget(room), 'gone');
      this.#emptied();
      room = undefined;
    }
    if (room === undefined) {
      if (this.mode === 'draining') return { kind: 'refused', code: 'task_draining' };
      if (this.#rooms.size >= this.#deps.room_capacity) return { kind: 'refused', code: 'no_task_available' };
      room = new SeatedRoom(request, this.#deps.host.turns);
    }
    if (epoch < room.epoch) return { kind: 'refused', code: 'stale_epoch' };
    if (epoch > room.epoch) this.#adopt(room, epoch);
    room.max_clients = request.max_clients;
    for (const client of request.clients) this.#seat(room, client);
    const seated = request.clients.some(({ client_id }) => room.seats.has(client_id));
    if (request.clients.length > 0 && !seated) return { kind: 'refused', code: 'stale_epoch' };
    // A room without seats would never be forgotten, so it is not taken up at all.
    if (room.seats.size > 0) this.#rooms.set(room_id, room);
    for (const gone of request.gone ?? []) {
      const seat = room.seats.get(gone.client_id);
      if (seat !== undefined && seat.generation <= gone.generation) this.#remove(room, seat, false);
    }
    return { kind: 'registered', response: { room_id, epoch, clients: room.seats.size } };
  }

  /**
   * The room was placed elsewhere and came back. The request may name one client of many, so nobody is sent away for it:
   * who has no seat any more is named by a later `gone`, and a seat that waits has its time-out.
   */
  #adopt(room: SeatedRoom, epoch: number): void {
    this.#departures.note(room.room_id, room.epoch);
    room.epoch = epoch;
    for (const seat of room.seats.values()) {
      if (seat.presence.kind === 'connected') this.#reportConnect(room, seat);
    }
  }

  #seat(room: SeatedRoom, client: RegisterRequest['clients'][number]): void {
    const known = room.seats.get(client.client_id);
    if (known === undefined) {
      const { room_id, epoch } = room;
      const { client_id, generation } = client;
      // It has been given up, and the router does not know yet: the removal, which nobody can take back, would end it
      // again. Whoever resumes has a later generation.
      const givenUp = { room_id, epoch, client_id, generation };
      if (this.#deps.events.removing?.(givenUp) === true) return;
      const seat = newSeat(room, client);
      room.seats.set(seat.client_id, seat);
      this.#await(room, seat);
      return;
    }
    const resumed = client.generation > known.generation;
    // A connect of this generation, or a later one, has come already: this is a repeated call, or a late one.
    if (!resumed && known.presence.kind === 'connected') return;
    // Also of an earlier generation: whoever asked for that one was promised the seat until then.
    known.generation = Math.max(known.generation, client.generation);
    known.connect_by = Math.max(known.connect_by, client.connect_by);
    // A socket that looks open may be the one that the client lost: it stays until the new one comes or it breaks.
    if (known.presence.kind === 'connected') this.#reportConnect(room, known);
    else this.#await(room, known);
  }

  /** Whether `credentials` may open a socket that speaks `protocol`, and how it is opened. */
  admit(credentials: Credentials, protocol: Protocol): Admission {
    const room = this.#rooms.get(credentials.room_id);
    const seat = room?.seats.get(credentials.client_id);
    const late =
      seat === undefined
        ? this.#departures.lost.client(credentials.room_id, credentials.client_id)
        : undefined;
    const matches = ticketMatches(credentials.ticket, seat?.ticket_hash ?? late?.hash ?? NO_HASH);
    if (this.mode === 'stopped') return { kind: 'refused', code: CLOSE.DRAINING, reason: 'draining' };
    // Its ticket is still good, and what we were told of the room is told to who comes late as well.
    if (late !== undefined && matches) return { kind: 'refused', ...FAREWELL[late.fate] };
    if (room === undefined || seat === undefined || !matches) {
      return { kind: 'refused', code: CLOSE.UNAUTHORIZED, reason: 'ticket' };
    }
    if (room.protocol !== undefined && room.protocol !== protocol) {
      return { kind: 'refused', code: CLOSE.BAD_FRAME, reason: `this room speaks ${room.protocol}` };
    }
    return { kind: 'admitted', open: (socket) => this.#connect(room, seat, protocol, socket) };
  }

  #connect(room: SeatedRoom, seat: Seat, protocol: Protocol, socket: ClientSocket): Session {
    const { host } = this.#deps;
    const before = seat.presence;
    const session = new Session(socket, {
      host,
      room,
      client_id: seat.client_id,
      slot: seat.slot,
      protocol,
      rate: (seat.rate ??= new Rate(host.limits, host.turns.now)),
      ended: (ended, ending) => this.#ended(room, seat, ended, ending),
      movedOn: (member) => this.#departures.movedOn(room, member),
    });
    room.protocol = protocol;
    seat.presence = { kind: 'connected', session };
    seat.connect_by = 0;
    if (before.kind === 'waiting') clearTimeout(before.timer);
    else {
      room.remove(before.session);
      before.session.end(CLOSE.REPLACED, 'replaced');
    }
    host.counts.connects++;
    // Whoever the others' messages turn out to be too much for has left before this one hears who is there.
    room.flush();
    const others = room.members.map(({ slot, client_id }) => ({ slot, client_id }));
    session.tell({
      type: 'welcome',
      room_id: room.room_id,
      epoch: room.epoch,
      slot: seat.slot,
      clients: others,
      limits: { ...this.#deps.limits, max_clients: room.max_clients },
      resume_grace_ms: this.#deps.resume_grace,
    });
    if (this.mode === 'draining') session.tell({ type: 'draining', deadline_ms: this.#phase.time_left });
    // Not before: a member is told how congested it is.
    room.add(session);
    if (before.kind === 'waiting') {
      room.announce({ type: 'joined', slot: seat.slot, client_id: seat.client_id }, session);
    }
    this.#reportConnect(room, seat);
    return session;
  }

  /** `session` takes no more. Of a connection that was replaced, or removed with its seat, nothing follows. */
  #ended(room: SeatedRoom, seat: Seat, session: Session, ending: Ending): void {
    room.remove(session);
    if (room.seats.get(seat.client_id) !== seat) return;
    if (seat.presence.kind !== 'connected' || seat.presence.session !== session) return;
    if (this.#rooms.get(room.room_id) !== room) return this.#endedElsewhere(room, seat, session, ending);
    seat.presence = { kind: 'waiting', timer: undefined };
    if (ending === 'left') return this.#remove(room, seat, true);
    seat.connect_by = Math.max(seat.connect_by, Date.now() + this.#deps.resume_grace);
    this.#await(room, seat);
    room.announce({ type: 'left', slot: seat.slot, client_id: seat.client_id, reason: 'resuming' });
  }

  /**
   * The room is no longer ours. Who leaves between `moved` and the close is told to the router as of the new place, where
   * the seat would be kept otherwise; a removal that is older than what the router knows does nothing there.
   */
  #endedElsewhere(room: SeatedRoom, seat: Seat, session: Session, ending: Ending): void {
    const { room_id, moved_to } = room;
    const { client_id, generation } = seat;
    this.#departures.ended(room, session, ending);
    if (ending !== 'left' || moved_to === undefined) return;
    this.#deps.events.removed({ room_id, epoch: moved_to, client_id, generation });
  }

  /** Keeps a waiting seat until its `connect_by`. */
  #await(room: SeatedRoom, seat: Seat): void {
    const { connect_timeout, resume_grace, host } = this.#deps;
    keepWaiting(seat, { connect_timeout, resume_grace, timing: host.timing }, () => {
      this.#deps.host.counts.seats_expired++;
      this.#remove(room, seat, true);
    });
  }

  /** Takes the seat away; `report`: the router does not know it yet. */
  #remove(room: SeatedRoom, seat: Seat, report: boolean): void {
    room.seats.delete(seat.client_id);
    if (seat.presence.kind === 'waiting') clearTimeout(seat.presence.timer);
    else seat.presence.session.end(CLOSE.ROOM_GONE, 'gone');
    room.forget(seat.slot);
    // Also of a client that was never connected here: after a move the others may know it from the task before.
    room.announce({ type: 'left', slot: seat.slot, client_id: seat.client_id, reason: 'gone' });
    if (room.seats.size === 0 && this.#rooms.get(room.room_id) === room) {
      room.end();
      this.#rooms.delete(room.room_id);
      this.#emptied();
    }
    if (!report) return;
    const { room_id, epoch } = room;
    const { client_id, generation } = seat;
    this.#deps.events.removed({ room_id, epoch, client_id, generation });
  }

  /** The router says that a room is not ours at this epoch: its clients are sent away, and it does not come back. */
  disown({ room_id, epoch, moved_to }: NotOwned): void {
    const { connect_timeout, host } = this.#deps;
    const room = this.#rooms.get(room_id);
    if (room === undefined || room.epoch > epoch) return this.#departures.note(room_id, epoch);
    if (this.mode === 'draining' && moved_to !== undefined) {
      // By a call whose answer was lost. The seats have waited there since some heartbeat of ours.
      return this.moved(room_id, moved_to, performance.now() - connect_timeout / 3);
    }
    host.counts.rooms_lost++;
    if (moved_to === undefined) this.#departures.gone(room, epoch, this.#forget(room));
    else this.#leave(room, epoch, { type: 'moved', ...moved_to, reason: 'rehomed' }, host.timing.moved_close);
    this.#emptied();
  }

  /**
   * The router has moved a room of this draining task to `place`, and registered its seats there at `since` (monotonic, ms)
   * or later: its clients have time to go there.
   */
  moved(room_id: string, place: Place, since: number): void {
    const { host, connect_timeout } = this.#deps;
    const room = this.#rooms.get(room_id);
    if (room === undefined || room.epoch >= place.epoch) return;
    host.counts.rooms_moved++;
    // Whoever has not gone by then is sent, in time to take up the seat there.
    const kept = Math.round(since + SEAT_USE * connect_timeout - performance.now());
    const wait = Math.min(Math.max(host.timing.moved_close, kept), this.#phase.time_left);
    // Nothing that was on its way here at an epoch before this one is ours.
    this.#leave(room, place.epoch - 1, { type: 'moved', ...place, reason: 'drain', deadline_ms: wait }, wait);
    this.#emptied();
  }

  #leave(room: SeatedRoom, epoch: number, moved: Moved, wait: number): void {
    this.#departures.leave(room, epoch, this.#forget(room), moved, wait);
  }

  /** Forgets the room and its seats; the open sessions, which the caller ends. */
  #forget(room: SeatedRoom): Session[] {
    this.#rooms.delete(room.room_id);
    return vacate(room);
  }

  #reportConnect(room: SeatedRoom, seat: Seat): void {
    const { room_id, epoch } = room;
    this.#deps.events.connected({ room_id, epoch, client_id: seat.client_id, generation: seat.generation });
  }
}
