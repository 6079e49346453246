/** What is broken on purpose, so that one sees that it is noticed. */
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { TABLES } from '../../dev/settings.ts';
import { readWord } from '../support/load/talk.ts';
import { clientOf } from '../support/stack-tables.ts';
import type { Proof } from './options.ts';

/** Of this message on, one is swallowed or comes twice: by then all who stay have come, and have heard others of its sender. */
const FROM_MESSAGE = 8;

/**
 * What a client is made to hear in place of each message: once, one is not heard, or heard twice. It is one of a sealed room
 * that stays (their numbers go up to `standing_rooms`): others may lose messages with a connection or a page.
 */
export function tampering(
  proof: Proof | undefined,
  standing_rooms: number,
): ((text: string, sealed: boolean) => string[]) | undefined {
  if (proof !== 'lost' && proof !== 'doubled') return undefined;
  let done = false;
  return (text, sealed) => {
    const { n, room } = readWord(text) ?? { n: 0, room: 0 };
    if (done || !sealed || n < FROM_MESSAGE || room > standing_rooms) return [text];
    done = true;
    return proof === 'lost' ? [] : [text, text];
  };
}

/** A room that is nobody's. `aws`: environment to reach DynamoDB Local. */
export async function leakRoom(aws: Readonly<Record<string, string>>): Promise<void> {
  const client = clientOf(aws);
  const Item = { room_id: '00000', client_id: '#room', state: 'OPEN', clients: 0, max_clients: 1 };
  await DynamoDBDocumentClient.from(client).send(new PutCommand({ TableName: TABLES.rooms, Item }));
  client.destroy();
}
