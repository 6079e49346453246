import type { ComponentChildren } from 'preact';

/** Icons of 20 × 20, drawn for this page. They only accompany text, so screen readers skip them. */
function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 20 20"
      width="20"
      height="20"
      fill="none"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const LinkIcon = () => (
  <Icon>
    <path d="M8.2 11.8a3.2 3.2 0 0 0 4.6 0l2.9-2.9a3.25 3.25 0 0 0-4.6-4.6L10 5.4" />
    <path d="M11.8 8.2a3.2 3.2 0 0 0-4.6 0l-2.9 2.9a3.25 3.25 0 0 0 4.6 4.6l1.1-1.1" />
  </Icon>
);

export const CheckIcon = () => (
  <Icon>
    <path d="m4.5 10.5 3.6 3.6 7.4-8" />
  </Icon>
);

export const LeaveIcon = () => (
  <Icon>
    <path d="M8 3.5H5A1.5 1.5 0 0 0 3.5 5v10A1.5 1.5 0 0 0 5 16.5h3M12.5 6.5 16 10l-3.5 3.5M16 10H8" />
  </Icon>
);

export const SendIcon = () => (
  <Icon>
    <path d="M10 16V4.5M5 9.2l5-4.9 5 4.9" />
  </Icon>
);

export const UnlockedIcon = () => (
  <Icon>
    <rect x="4" y="9" width="12" height="8" rx="2" />
    <path d="M7 9V6.2a3 3 0 0 1 5.7-1.3" />
  </Icon>
);

/** The tip of the arrow is at the top left corner. */
export const ArrowIcon = () => (
  <svg class="arrow" viewBox="0 0 18 18" width="24" height="24" aria-hidden="true" focusable="false">
    <path d="M1 1l5.3 14.8 2.4-6.5 6.6-2.4z" />
  </svg>
);
