/** What a page is asked for, as expressions that its browser evaluates. */

/** How much of the field that has the focus is selected. */
export const SELECTED_LENGTH = 'document.activeElement.selectionEnd - document.activeElement.selectionStart';

/** How far the page can be scrolled to the side. */
export const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

/** How much of the chat is below what is shown. */
export const BELOW = `(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(
  document.querySelector('[role=log]'))`;

/** Keeps what the status of the connection says from now on, in `statuses`. */
export const WATCH_STATUS = `
  globalThis.statuses = new Set();
  const look = () => statuses.add(document.querySelector('.status')?.textContent);
  look();
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })`.trim();

/** What the browser shows in place of the cursor over the shared area. */
export const CURSOR = "getComputedStyle(document.querySelector('.stage')).cursor";
