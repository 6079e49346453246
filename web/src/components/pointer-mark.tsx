import { hueOf } from '../colour.ts';
import { ArrowIcon } from './icons.tsx';

/**
 * The pointer of one client. The mark is as large as the shared area, so that a translation by a share of its own size
 * is one by that share of the area, at any size of the window.
 */
export function PointerMark(props: {
  client_id: string;
  name: string;
  self: boolean;
  onMark: (mark: HTMLElement | null) => void;
}) {
  return (
    <div
      class={props.self ? 'mark own' : 'mark'}
      ref={props.onMark}
      style={{ '--hue': hueOf(props.client_id) }}
      aria-hidden="true"
    >
      <ArrowIcon />
      <bdi class="mark-name">{props.name}</bdi>
    </div>
  );
}
