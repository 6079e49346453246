import { createContext } from 'preact';
import type { ComponentChildren } from 'preact';
import { useContext, useEffect, useRef } from 'preact/hooks';

/** Whether the view is the one that the page was opened with: then the focus stays where the browser put it. */
export const FirstView = createContext(false);

/** The heading of a view that takes the place of another: it gets the focus, so that screen readers start from there. */
export function ViewTitle({ children, ...attributes }: { children: ComponentChildren; class?: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const first = useContext(FirstView);
  useEffect(() => {
    if (!first) heading.current?.focus();
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} {...attributes}>
      {children}
    </h1>
  );
}
