import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { CloseIcon } from './icons.tsx';

/**
 * A modal dialog for as long as it is rendered. The browser keeps the focus in it and gives it back afterwards; Esc, the
 * cross and a press beside it close it. Screen readers start from the title.
 */
export function Dialog(props: {
  title: ComponentChildren;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const removed = useRef(false);
  const title_id = useId();

  useLayoutEffect(() => {
    const element = dialog.current!;
    element.showModal();
    return () => {
      removed.current = true;
      // What is only taken out of the page does not give the focus back.
      element.close();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={title_id}
      onClose={() => {
        if (!removed.current) props.onClose();
      }}
      onMouseDown={(event) => {
        // The content covers all of the dialog; only what is beside it is the dialog itself.
        if (event.target === dialog.current) props.onClose();
      }}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={title_id} tabIndex={-1} autoFocus>
            {props.title}
          </h2>
          <button class="button quiet dialog-close" type="button" onClick={props.onClose}>
            <CloseIcon />
            <span class="visually-hidden">Close</span>
          </button>
        </div>
        {props.children}
      </div>
    </dialog>
  );
}
