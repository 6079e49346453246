/** Margins against cost: the same days with other settings. */
import type { Margin } from '../../shared/config/read.ts';
import type { PlacementStrategy } from '../../shared/domain/placement.ts';
import { simulateDays, type DayOfRooms, type FleetResult } from './result.ts';
import type { FleetSetup } from './setup.ts';

export interface FrontierPoint {
  placement: PlacementStrategy;
  upscale: Margin;
  downscale: Margin;
  /** The settings as they were given, and not one of the sweep. */
  given: boolean;
  result: FleetResult;
}

/** Percent of the rooms in use that are kept free. */
export const PERCENTS = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20] as const;

export function marginText({ places, percent }: Margin): string {
  return percent === 0 ? String(places) : `${places}+${percent}%`;
}

/** The settings as given, then each part of the sweep with the least DOWNSCALE_MARGIN that there may be, both placements. */
export function frontierOf(
  setup: Omit<FleetSetup, 'seed'>,
  days: readonly DayOfRooms[],
  progress: (line: string) => void,
): FrontierPoint[] {
  const { policy } = setup;
  const { places } = policy.upscale;
  const given = {
    placement: setup.placement,
    upscale: policy.upscale,
    downscale: policy.downscale,
    given: true,
  };
  const swept = (['spread', 'packed'] as const).flatMap((placement) =>
    PERCENTS.map((percent) => ({
      placement,
      upscale: { places, percent },
      downscale: { places: places + policy.room_capacity, percent },
      given: false,
    })),
  );
  return [given, ...swept].map((settings) => {
    const { placement, upscale, downscale } = settings;
    progress(`${placement} ${marginText(upscale)}/${marginText(downscale)}`);
    return {
      ...settings,
      result: simulateDays({ ...setup, placement, policy: { ...policy, upscale, downscale } }, days),
    };
  });
}
