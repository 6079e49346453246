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

export const LockedIcon = () => (
  <Icon>
    <rect x="4" y="9" width="12" height="8" rx="2" />
    <path d="M7 9V6.5a3 3 0 0 1 6 0V9" />
  </Icon>
);

/** A lock that wants to be looked at. */
export const LockAlertIcon = () => (
  <Icon>
    <rect x="4" y="8" width="12" height="9" rx="2" />
    <path d="M7 8V5.8a3 3 0 0 1 6 0V8M10 10.6v2.2M10 14.6v.05" />
  </Icon>
);

export const UnlockedIcon = () => (
  <Icon>
    <rect x="4" y="9" width="12" height="8" rx="2" />
    <path d="M7 9V6.2a3 3 0 0 1 5.7-1.3" />
  </Icon>
);

/** Through a door, onwards. */
export const MoveOnIcon = () => (
  <Icon>
    <path d="M11.5 4H14a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 14 16h-2.5M4 10h7.5M8.5 6.8 11.7 10l-3.2 3.2" />
  </Icon>
);

export const CopyIcon = () => (
  <Icon>
    <rect x="7.5" y="7.5" width="9" height="9" rx="2" />
    <path d="M12.5 4.9A2 2 0 0 0 10.5 3.5h-5a2 2 0 0 0-2 2v5a2 2 0 0 0 1.4 1.9" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="m5.5 5.5 9 9M14.5 5.5l-9 9" />
  </Icon>
);

/** The tip of the arrow is at the top left corner. */
export const ArrowIcon = () => (
  <svg class="arrow" viewBox="0 0 18 18" width="24" height="24" aria-hidden="true" focusable="false">
    <path d="M1 1l5.3 14.8 2.4-6.5 6.6-2.4z" />
  </svg>
);
