import { hueOf } from '../colour.ts';
import type { Entry } from '../state/log.ts';
import type { Change } from '../state/roster.ts';
import type { Session } from '../state/session.ts';

const CHANGES: Record<Change['kind'], string> = {
  joined: 'joined',
  back: 'is back',
  away: 'lost the connection',
  left: 'left',
};

const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function Message({ entry, session }: { entry: Extract<Entry, { kind: 'chat' }>; session: Session }) {
  return (
    <div class={entry.own ? 'message own' : 'message'} style={{ '--hue': hueOf(entry.from) }}>
      <p class="message-head">
        <bdi class="message-name">{entry.own ? 'You' : session.nameOf(entry.from)}</bdi>
        <time dateTime={new Date(entry.at).toISOString()}>{TIME.format(entry.at)}</time>
      </p>
      <p class="message-text" dir="auto">
        {entry.text}
      </p>
    </div>
  );
}

/** One line of the chat: what somebody said, or what happened. */
export function ChatEntry({ entry, session }: { entry: Entry; session: Session }) {
  if (entry.kind === 'chat') return <Message entry={entry} session={session} />;
  if (entry.kind === 'self') {
    return <p class="notice">{entry.what === 'entered' ? 'You joined' : 'You are connected again'}</p>;
  }
  return (
    <p class="notice">
      <bdi>{session.nameOf(entry.change.client_id)}</bdi> {CHANGES[entry.change.kind]}
    </p>
  );
}
