import { hueOf } from '../colour.ts';
import { counted } from '../words.ts';
import type { Entry } from '../state/log.ts';
import type { Change } from '../state/roster.ts';

const CHANGES: Record<Change['kind'], string> = {
  joined: 'joined',
  back: 'is back',
  away: 'lost the connection',
  left: 'left',
};

const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function Message({ entry }: { entry: Extract<Entry, { kind: 'chat' }> }) {
  return (
    <div class={entry.own ? 'message own' : 'message'} style={{ '--hue': hueOf(entry.from) }}>
      <p class="message-head">
        <bdi class="message-name">{entry.own ? 'You' : entry.name}</bdi>
        <time dateTime={new Date(entry.at).toISOString()}>{TIME.format(entry.at)}</time>
      </p>
      <p class="message-text" dir="auto">
        {entry.text}
      </p>
    </div>
  );
}

const SELF: Record<Extract<Entry, { kind: 'self' }>['what'], string> = {
  entered: 'You joined',
  moved: 'You moved on to this room',
  reconnected: 'You are connected again',
};

/** One line of the chat: what somebody said, or what happened. */
export function ChatEntry({ entry }: { entry: Entry }) {
  if (entry.kind === 'chat') return <Message entry={entry} />;
  if (entry.kind === 'self') {
    return <p class="notice">{SELF[entry.what]}</p>;
  }
  if (entry.kind === 'lost') {
    return (
      <p class="notice loss">
        {counted(entry.count, 'message')} of <bdi>{entry.name}</bdi> did not arrive
      </p>
    );
  }
  if (entry.kind === 'unsent') {
    return <p class="notice loss">What you said last did not reach everybody. Say it again.</p>;
  }
  return (
    <p class="notice">
      <bdi>{entry.name}</bdi> {CHANGES[entry.change.kind]}
    </p>
  );
}
