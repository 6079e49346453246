import type { ComponentChildren } from 'preact';
import { Brand } from './brand.tsx';

/** The frame of every view but the room. */
export function Page({ children }: { children: ComponentChildren }) {
  return (
    <div class="page">
      <header class="page-head">
        <Brand />
      </header>
      <main class="page-main">{children}</main>
    </div>
  );
}
