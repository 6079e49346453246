import type { Explanation, WayOut } from '../explain.ts';
import { Page } from './page.tsx';
import { ViewTitle } from './view-title.tsx';
import { WaysOut } from './ways-out.tsx';

/** A whole view that says what went wrong and how to go on. */
export function Problem({
  title,
  detail,
  ways_out,
  onWayOut,
}: Explanation & { onWayOut: (way: WayOut) => void }) {
  return (
    <Page>
      <div class="card narrow">
        <ViewTitle>{title}</ViewTitle>
        <p>{detail}</p>
        <WaysOut ways={ways_out} onWayOut={onWayOut} />
      </div>
    </Page>
  );
}
