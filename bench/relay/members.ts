/** Who connects where: the generator's list of connections for each system. */
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import pMap from 'p-map';
import { authorize, ROUTER } from '../../shared/domain/token.ts';
import { benchRoom } from '../room.ts';
import type { Ready } from './server-process.ts';
import type { System } from './systems.ts';

export interface Place {
  system: System;
  ready: Ready;
  /** The router's secret. */
  secret: string;
}

/** A line of the list: room number, request target, Sec-WebSocket-Protocol. */
const line = (room: number, target = '-', protocol = '-'): string => `${room} ${target} ${protocol}`;

const CALLS_AT_ONCE = 8;
const SEAT_MS = 600_000;

/** A server, and the connections that it is called on. */
interface Called extends Place {
  agent: PlainAgent;
}

function agentFor(system: System): PlainAgent {
  const options = { keepAlive: true, maxSockets: CALLS_AT_ONCE };
  // The certificate is our own, made a moment ago.
  return system.tls ? new SecureAgent({ ...options, rejectUnauthorized: false }) : new PlainAgent(options);
}

function post(place: Called, path: string, body: string, authorization?: string): Promise<unknown> {
  const { system, ready, agent } = place;
  const options = {
    agent,
    host: '127.0.0.1',
    port: ready.port,
    path,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(authorization === undefined ? {} : { authorization }),
    },
  };
  return new Promise((resolve, reject) => {
    const request = (system.tls ? secureRequest : plainRequest)(options);
    request.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${system.name}: ${path} answered ${response.statusCode} ${text}`));
      });
    });
    request.end(body);
  });
}

/** Registers a room as the router does. */
async function registered(place: Called, room: number, room_id: string, members: number): Promise<string[]> {
  const { system, ready, secret } = place;
  const { request, credentials } = benchRoom(room_id, members, SEAT_MS);
  const body = JSON.stringify(request);
  const authorization = await authorize(
    { issuer: ROUTER, audience: ready.task_id!, subject: ready.task_id! },
    { method: 'POST', path: '/register', body },
    { current: secret },
    Date.now(),
  );
  await post(place, '/register', body, authorization);
  const protocol = system.protocol === 'v1' ? 'anteroom.v1' : 'anteroom.raw.v1';
  return credentials.map((one) => line(room, '/', `${protocol},${one}`));
}

interface Reservation {
  sessionId: string;
  processId: string;
  roomId: string;
}

/** Seats in a new room of Colyseus, as its client library takes them. */
async function reserved(place: Called, room: number, members: number): Promise<string[]> {
  const seats = [(await post(place, '/matchmake/create/relay', '{}')) as Reservation];
  while (seats.length < members) {
    seats.push((await post(place, `/matchmake/joinById/${seats[0]!.roomId}`, '{}')) as Reservation);
  }
  return seats.map(({ processId, roomId, sessionId }) =>
    line(room, `/${processId}/${roomId}?sessionId=${sessionId}`),
  );
}

/** A room of Anteroom is new in each run: the clients of the run before may still have their seats. */
let next_room_id = 10_000;

function membersOfRoom(place: Called, room: number, members: number): Promise<string[]> {
  const all = (target?: string): Promise<string[]> =>
    Promise.resolve(Array.from({ length: members }, () => line(room, target)));
  switch (place.system.members) {
    case 'register':
      return registered(place, room, String(next_room_id++), members);
    case 'matchmaking':
      return reserved(place, room, members);
    case 'path':
      return all(`/${room}`);
    case 'query':
      return all(`/socket.io/?EIO=4&transport=websocket&room=${room}`);
    case 'subject':
      return all();
    default:
      return place.system.members satisfies never;
  }
}

/** Makes `rooms` rooms known to the server. Resolves to a line for each connection, room by room. */
export async function membersOf(place: Place, rooms: number, members: number): Promise<string[]> {
  const called = { ...place, agent: agentFor(place.system) };
  const numbers = Array.from({ length: rooms }, (_, room) => room);
  try {
    const lines = await pMap(numbers, (room) => membersOfRoom(called, room, members), {
      concurrency: CALLS_AT_ONCE,
    });
    return lines.flat();
  } finally {
    called.agent.destroy();
  }
}
