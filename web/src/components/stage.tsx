import { useEffect, useRef } from 'preact/hooks';
import type { Pointer } from '../protocol/pointer.ts';
import { nextRepaint } from '../state/next-frame.ts';
import { createPainter } from '../state/pointers.ts';
import type { Session } from '../state/session.ts';
import { PointerMark } from './pointer-mark.tsx';
import { movedByKey, pointerAt } from './pointing.ts';

/** Puts `mark` where `pointer` is. By hand, once a frame: no component renders because a pointer moved. */
function place(mark: HTMLElement, pointer: Pointer | undefined): void {
  mark.classList.toggle('shown', pointer?.visible === true);
  if (pointer === undefined) return;
  mark.classList.toggle('pressed', pointer.pressed);
  mark.classList.toggle('at-right', pointer.x > 0.75);
  mark.classList.toggle('at-bottom', pointer.y > 0.85);
  mark.style.transform = `translate(${pointer.x * 100}%, ${pointer.y * 100}%)`;
}

/** The shared area: everybody's pointer, at the same place for everybody. */
export function Stage({ session }: { session: Session }) {
  const area = useRef<HTMLDivElement>(null);
  const marks = useRef(new Map<string, HTMLElement>());
  const { pointers, client_id: own_id } = session;
  const people = session.people.value;
  const stalled = session.connection.value.status !== 'live';

  useEffect(() => {
    const draw = (client_id: string): void => {
      const mark = marks.current.get(client_id);
      if (mark !== undefined) place(mark, pointers.get(client_id));
    };
    return pointers.onChange(createPainter(draw, nextRepaint));
  }, [pointers]);

  const hide = (): void => {
    const own = pointers.get(own_id);
    if (own?.visible) session.point({ ...own, visible: false, pressed: false });
  };
  // A hidden page hears of no pointer that leaves it.
  useEffect(() => {
    document.addEventListener('visibilitychange', hide);
    return () => document.removeEventListener('visibilitychange', hide);
  }, [session]);

  const follow = (event: PointerEvent): void => {
    if (!event.isPrimary || area.current === null) return;
    session.point(pointerAt(event, area.current.getBoundingClientRect()));
  };
  const press = (event: KeyboardEvent): void => {
    const moved = movedByKey(pointers.get(own_id), event);
    if (moved === undefined) return;
    event.preventDefault();
    session.point(moved);
  };

  return (
    <div
      ref={area}
      class={stalled ? 'stage stalled' : 'stage'}
      tabIndex={0}
      role="application"
      aria-label="Shared area. The arrow keys move your pointer, with Shift in larger steps."
      onPointerDown={follow}
      onPointerMove={follow}
      onPointerUp={follow}
      onPointerLeave={hide}
      onPointerCancel={hide}
      onKeyDown={press}
      onBlur={hide}
    >
      <p class="stage-hint" aria-hidden="true">
        {people.length === 1
          ? 'Nobody else is here yet. Copy the link and send it to somebody.'
          : 'Move your pointer here: the others see it.'}
      </p>
      {people.map(({ client_id, name, self }) => (
        <PointerMark
          key={client_id}
          client_id={client_id}
          name={self ? 'You' : name}
          self={self}
          onMark={(mark) => {
            if (mark === null) {
              marks.current.delete(client_id);
            } else {
              marks.current.set(client_id, mark);
              place(mark, pointers.get(client_id));
            }
          }}
        />
      ))}
    </div>
  );
}
