/** What a key says in a field for text. */

/**
 * Whether a key press sends the draft: Enter, without Shift. Not where it only ends the choice of a word in an input
 * method; Safari says `isComposing` too late for that, and marks the key with the code 229 instead
 * (https://bugs.webkit.org/show_bug.cgi?id=165004).
 */
export function sendsDraft(event: {
  key: string;
  shiftKey: boolean;
  isComposing: boolean;
  keyCode: number;
}): boolean {
  const composing = event.isComposing || event.keyCode === 229;
  return event.key === 'Enter' && !event.shiftKey && !composing;
}
