import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../shared/config/read.ts';
import { localConfig, routerConfig, taskConfig } from '../../../shared/config/settings.ts';

const router = {
  REGION: 'eu-central-1',
  TASKS_TABLE: 'tasks',
  ROOMS_TABLE: 'rooms',
  ROUTER_SECRET_ID: 'secret',
  ECS_CLUSTER: 'cluster',
};
const task = { REGION: 'eu-central-1', ROUTER_SECRET_ID: 'secret', ROUTER_URL: 'https://room.example' };

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  throw new Error('no fault was found');
}

describe('configuration', () => {
  it('has defaults for everything that a deployment need not decide', () => {
    expect(routerConfig(router)).toMatchObject({
      MAX_ROOMS: 1_000,
      MAX_CLIENTS: 10,
      ROOM_ID_DIGITS: 5,
      ROOM_TTL: 86_400_000,
      CONNECT_TIMEOUT: 30_000,
      RESUME_GRACE: 15_000,
      HEARTBEAT: 10_000,
      LEASE: 30_000,
      KINDS: ['relay'],
      ALLOWED_ORIGINS: ['*'],
      ALLOW_PRIVATE_ADDRESSES: false,
    });
    expect(taskConfig(task)).toMatchObject({ ROOM_CAPACITY: 100, PORT: 5_001, KIND: 'relay' });
    expect(localConfig({})).toEqual({
      PORT: 8_787,
      STREAM_TASKS: 2,
      STORE: undefined,
      DYNAMODB_LOCAL: undefined,
      TASK_FILE: undefined,
    });
  });

  it.each([
    ['30s', 30_000],
    ['30', 30_000],
    ['1500ms', 1_500],
    ['1.5s', 1_500],
    ['2m', 120_000],
  ])('reads the duration %s', (text, ms) => {
    expect(routerConfig({ ...router, CONNECT_TIMEOUT: text }).CONNECT_TIMEOUT).toBe(ms);
  });

  it('names every fault at once, each with its variable and the way out', () => {
    const faults = faultsOf(() =>
      routerConfig({
        ...router,
        REGION: undefined,
        MAX_ROOMS: '12.5',
        ROOM_TTL: 'a day',
        PLACEMENT: 'random',
        KINDS: 'relay,gpu',
        ALLOWED_ORIGINS: 'app.example',
        ALLOW_PRIVATE_ADDRESSES: 'yes',
      }),
    );
    expect(faults).toEqual([
      expect.stringContaining('ALLOWED_ORIGINS must be origins such as https://app.example'),
      'MAX_ROOMS must be a whole number from 1 to 100000000, not "12.5"',
      expect.stringMatching(/^ROOM_TTL must be a duration from 5m to 30d, such as 24h .*not "a day"$/),
      'KINDS must be some of relay, render, each once, separated by commas, not "relay,gpu"',
      'PLACEMENT must be one of spread, packed, not "random"',
      'REGION is not set: region that this deployment serves',
      'ALLOW_PRIVATE_ADDRESSES must be true or false, not "yes"',
    ]);
  });

  it('asks about a misspelt variable, and leaves those of others alone', () => {
    expect(
      faultsOf(() => routerConfig({ ...router, MAX_ROOM: '5', room_ttl: '2h', MAX_LINES: '3', PATHS: 'x' })),
    ).toEqual([
      'MAX_ROOM is not a setting: did you mean MAX_ROOMS?',
      'room_ttl is not a setting: did you mean ROOM_TTL?',
    ]);
  });

  it('counts an empty variable as unset', () => {
    expect(routerConfig({ ...router, MAX_ROOMS: '' }).MAX_ROOMS).toBe(1_000);
    expect(faultsOf(() => routerConfig({ ...router, REGION: '' }))).toHaveLength(1);
  });

  it('keeps MAX_ROOMS at a tenth of the room ids', () => {
    expect(routerConfig({ ...router, MAX_ROOMS: '10000' }).MAX_ROOMS).toBe(10_000);
    expect(faultsOf(() => routerConfig({ ...router, MAX_ROOMS: '10001' }))[0]).toContain(
      'raise ROOM_ID_DIGITS',
    );
    expect(routerConfig({ ...router, MAX_ROOMS: '10001', ROOM_ID_DIGITS: '6' }).MAX_ROOMS).toBe(10_001);
  });

  it('keeps the durations in order, in router and task alike', () => {
    const wrong = { HEARTBEAT: '10s', LEASE: '20s' };
    expect(faultsOf(() => routerConfig({ ...router, ...wrong }))[0]).toContain(
      'LEASE must be more than twice HEARTBEAT',
    );
    expect(faultsOf(() => taskConfig({ ...task, ...wrong }))[0]).toContain(
      'LEASE must be more than twice HEARTBEAT',
    );
  });
});
