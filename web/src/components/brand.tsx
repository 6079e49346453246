export function Brand() {
  return (
    <span class="brand">
      <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false">
        <rect class="brand-wall" width="32" height="32" rx="8" />
        <path class="brand-arch" d="M9 25V11a7 7 0 0 1 14 0v14" />
        <path class="brand-door" d="M13.5 25V12.5a2.5 2.5 0 0 1 5 0V25z" />
      </svg>
      Anteroom
    </span>
  );
}
