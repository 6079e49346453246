import { describe, expect, it } from 'vitest';
import { fleetFaults, scalingSettings } from '../../../shared/config/fleet-settings.ts';
import { routerConfig } from '../../../shared/config/settings.ts';

const DEFAULTS = routerConfig({
  REGION: 'eu-central-1',
  TASKS_TABLE: 'tasks',
  ROOMS_TABLE: 'rooms',
  ROUTER_SECRET_ID: 'secret',
  ECS_CLUSTER: 'cluster',
});

describe('the settings of the fleet', () => {
  it('are of each kind of task by itself', () => {
    expect(scalingSettings(DEFAULTS, 'relay')).toEqual({
      min_tasks: 1,
      max_tasks: 10,
      upscale: { places: 20, percent: 10 },
      downscale: { places: 150, percent: 10 },
      room_capacity: 100,
    });
    expect(scalingSettings(DEFAULTS, 'render')).toEqual({
      min_tasks: 0,
      max_tasks: 0,
      upscale: { places: 0, percent: 0 },
      downscale: { places: 2, percent: 0 },
      room_capacity: 1,
    });
  });

  it('keep the margins apart by the places of a task, those of render tasks where there are any', () => {
    expect(fleetFaults(DEFAULTS)).toEqual([]);
    const close = { ...DEFAULTS, DOWNSCALE_MARGIN: { places: 119, percent: 10 } };
    expect(fleetFaults(close)).toEqual([
      expect.stringMatching(/^DOWNSCALE_MARGIN must be more than UPSCALE_MARGIN .*\(ROOM_CAPACITY=100\)/),
    ]);
    const render = { ...DEFAULTS, RENDER_UPSCALE_MARGIN: { places: 2, percent: 0 } };
    expect(fleetFaults(render)).toEqual([]);
    expect(fleetFaults({ ...render, MAX_RENDER_TASKS: 1 })).toEqual([
      expect.stringMatching(
        /^RENDER_DOWNSCALE_MARGIN must be more than RENDER_UPSCALE_MARGIN .*\(RENDER_ROOM_CAPACITY=1\)/,
      ),
    ]);
  });

  it('have fewer tasks at least than at most', () => {
    const faults = fleetFaults({
      ...DEFAULTS,
      MIN_TASKS: 11,
      MIN_RENDER_TASKS: 2,
      MAX_RENDER_TASKS: 1,
    });
    expect(faults).toEqual([
      'MIN_TASKS must be at most MAX_TASKS',
      'MIN_RENDER_TASKS must be at most MAX_RENDER_TASKS',
    ]);
  });
});
