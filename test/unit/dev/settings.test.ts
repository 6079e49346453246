import { describe, expect, it } from 'vitest';
import { stackSettings } from '../../../dev/settings.ts';
import { ConfigError } from '../../../shared/config/read.ts';
import { routerConfig, taskConfig } from '../../../shared/config/settings.ts';

describe('the settings of the local stack', () => {
  it('need nothing from the user', () => {
    const settings = stackSettings({});
    expect(settings).toMatchObject({ port: 8_787, stream_tasks: 2, store: undefined });
    expect(routerConfig(settings.router)).toMatchObject({ MAX_ROOMS: 1_000, ALLOW_PRIVATE_ADDRESSES: true });
    expect(taskConfig(settings.task('http://localhost:1', 'relay'))).toMatchObject({
      PORT: 0,
      ROUTER_URL: 'http://localhost:1',
    });
  });

  it('hand the user’s on to router and tasks', () => {
    const settings = stackSettings({ MAX_ROOMS: '50', ROOM_CAPACITY: '200', HEARTBEAT: '5s', LANE: 'ws' });
    expect(routerConfig(settings.router)).toMatchObject({ MAX_ROOMS: 50, HEARTBEAT: 5_000 });
    expect(taskConfig(settings.task('http://localhost:1', 'relay'))).toMatchObject({
      ROOM_CAPACITY: 200,
      HEARTBEAT: 5_000,
      LANE: 'ws',
    });
  });

  it('keep as many tasks as are to be started, with margins that fit their size', () => {
    const scaled = (env: Record<string, string>, on = true) => {
      const { MIN_TASKS, MAX_TASKS, UPSCALE_MARGIN, DOWNSCALE_MARGIN } = routerConfig(
        stackSettings(env, on).router,
      );
      return [MIN_TASKS, MAX_TASKS, UPSCALE_MARGIN.places, DOWNSCALE_MARGIN.places];
    };
    expect(scaled({})).toEqual([2, 4, 20, 140]);
    expect(scaled({ STREAM_TASKS: '3', ROOM_CAPACITY: '3' })).toEqual([3, 6, 1, 5]);
    expect(scaled({ STREAM_TASKS: '1', MAX_TASKS: '9', UPSCALE_MARGIN: '7' })).toEqual([1, 9, 7, 140]);
    expect(scaled({ STREAM_TASKS: '3', MAX_TASKS: '9' }, false).slice(0, 2)).toEqual([0, 0]);
    expect(() => stackSettings({ STREAM_TASKS: '3', MAX_TASKS: '2' })).toThrow('MIN_TASKS');
  });

  it('keep PORT from the tasks, and an identity or address that two tasks would share', () => {
    const task = taskConfig(
      stackSettings({ PORT: '9000', TASK_ID: 'mine', PUBLIC_ADDRESS: '192.0.2.1' }).task(
        'http://localhost:9000',
        'relay',
      ),
    );
    expect(task).toMatchObject({ PORT: 0, TASK_ID: undefined, PUBLIC_ADDRESS: undefined });
  });

  it('let no SDK client near a real account', () => {
    const env = {
      AWS_PROFILE: 'production',
      AWS_SESSION_TOKEN: 'x',
      AWS_ENDPOINT_URL: 'https://x',
      HOME: '/home/me',
    };
    for (const made of [stackSettings(env).router, stackSettings(env).task('http://localhost:1', 'relay')]) {
      expect(Object.keys(made).filter((name) => name.startsWith('AWS_'))).toEqual([
        'AWS_CONFIG_FILE',
        'AWS_SHARED_CREDENTIALS_FILE',
      ]);
      expect(made).toMatchObject({ HOME: '/home/me' });
    }
  });

  it('name every fault at once, whichever part it concerns', () => {
    const wrong = { PORT: 'x', MAX_ROOMS: '0', ROOM_CAPACITY: 'many', HEARTBEAT: '20s', STORE: 'disk' };
    const read = () => stackSettings(wrong);
    expect(read).toThrow(ConfigError);
    for (const name of ['PORT', 'MAX_ROOMS', 'ROOM_CAPACITY', 'STORE']) expect(read).toThrow(`- ${name} `);
  });

  it('name a fault that concerns two parts once', () => {
    let faults: readonly string[] = [];
    try {
      stackSettings({ HEARTBEAT: 'soon' });
    } catch (error) {
      ({ faults } = error as ConfigError);
    }
    expect(faults).toHaveLength(1);
  });
});
