/** What is measured, and how each of them is started. */
export type Protocol = 'raw' | 'v1' | 'socketio' | 'colyseus' | 'nats' | 'mqtt';

/** Where the program of a server comes from. */
export type Source =
  /** A file of ours, for Node; `env` besides what every server gets. */
  | { kind: 'node'; file: string; env: Record<string, string>; needs: 'nothing' | 'peers' | 'uwebsockets' }
  /** A program of the machine. */
  | { kind: 'broker'; program: 'nats-server' | 'mosquitto' };

export interface System {
  /** As options, tables and JSON name it. */
  name: string;
  protocol: Protocol;
  /** How the members of a room are made known: see members.ts. */
  members: 'register' | 'path' | 'query' | 'matchmaking' | 'subject';
  source: Source;
  tls: boolean;
}

const node = (
  file: string,
  needs: 'nothing' | 'peers' | 'uwebsockets' = 'nothing',
  env: Record<string, string> = {},
): Source => ({ kind: 'node', file, needs, env });

// The image of the stream task has no bufferutil: here it must not be used because it happens to be installed.
const WITHOUT_BUFFERUTIL = { WS_NO_BUFFER_UTIL: '1' };
const ANTEROOM = node('servers/anteroom.ts', 'nothing', WITHOUT_BUFFERUTIL);

export const OURS = 'anteroom raw';
export const OURS_V1 = 'anteroom v1';
/** Everything is compared with it. */
export const BASELINE = 'naive ws with bufferutil';
/** Programs in bare C without a runtime: in rooms of two they may be ahead. */
export const C_BROKERS: readonly string[] = ['mosquitto'];

const PLAIN: readonly System[] = [
  { name: OURS, protocol: 'raw', members: 'register', source: ANTEROOM, tls: false },
  { name: OURS_V1, protocol: 'v1', members: 'register', source: ANTEROOM, tls: false },
  { name: BASELINE, protocol: 'raw', members: 'path', source: node('servers/naive-ws.ts'), tls: false },
  {
    name: 'naive ws',
    protocol: 'raw',
    members: 'path',
    source: node('servers/naive-ws.ts', 'nothing', WITHOUT_BUFFERUTIL),
    tls: false,
  },
  {
    name: 'uWebSockets.js',
    protocol: 'raw',
    members: 'path',
    source: node('peers/uwebsockets.js', 'uwebsockets'),
    tls: false,
  },
  {
    name: 'Socket.IO',
    protocol: 'socketio',
    members: 'query',
    source: node('peers/socket-io.js', 'peers'),
    tls: false,
  },
  {
    name: 'Colyseus',
    protocol: 'colyseus',
    members: 'matchmaking',
    source: node('peers/colyseus.js', 'peers'),
    tls: false,
  },
  {
    name: 'nats-server',
    protocol: 'nats',
    members: 'subject',
    source: { kind: 'broker', program: 'nats-server' },
    tls: false,
  },
  {
    name: 'mosquitto',
    protocol: 'mqtt',
    members: 'subject',
    source: { kind: 'broker', program: 'mosquitto' },
    tls: false,
  },
];

/** Name of a system over TLS. */
export const overTls = (name: string): string => `${name} TLS`;

/** The brokers are measured without TLS only: theirs is set up in other ways than that of a WebSocket server. */
const SECURE: readonly System[] = PLAIN.filter(({ source }) => source.kind === 'node').map((system) => ({
  ...system,
  name: overTls(system.name),
  tls: true,
}));

/** All systems, or those that a quick run has: ours and the baseline. */
export function systemsOf(options: { quick: boolean; tls: boolean }): readonly System[] {
  const all = options.tls ? [...PLAIN, ...SECURE] : PLAIN;
  const quick = [OURS, OURS_V1, BASELINE].flatMap((name) => [name, overTls(name)]);
  return options.quick ? all.filter(({ name }) => quick.includes(name)) : all;
}

/** Those of `systems` whose capacity is measured: the relay as applications use it, and the baseline. */
export function capacitySystems(systems: readonly System[]): readonly System[] {
  return systems.filter(({ name }) => name === OURS_V1 || name === BASELINE);
}
