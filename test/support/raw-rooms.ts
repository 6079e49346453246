/** Clients of `anteroom.raw.v1` over a stack: nobody tells them anything but a close code. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenGrant } from '../../shared/protocol/api.ts';
import { credentialsToken } from '../../shared/protocol/subprotocol.ts';
import { Peer } from './relay.ts';

const RESUME_WITHIN_MS = 40_000;

export class RawClient {
  readonly grant: OpenGrant;
  readonly peer: Peer;

  private constructor(grant: OpenGrant, peer: Peer) {
    this.grant = grant;
    this.peer = peer;
  }

  /** Connects where `grant` says. */
  static async open(grant: OpenGrant): Promise<RawClient> {
    return new RawClient(grant, await openSocket(grant));
  }

  /** Gives the seat up; resolves when the socket is closed. */
  async leave(): Promise<void> {
    this.peer.ws.close(1000);
    await this.peer.closed;
  }

  /** Resumes at the router as often as it takes, and connects where it says then. */
  async resumed(router: string): Promise<RawClient> {
    const { room_id, client_id, ticket } = this.grant;
    const deadline = performance.now() + RESUME_WITHIN_MS;
    for (;;) {
      const answer = await post(router, '/join-room', { room_id, client_id, ticket });
      if (answer.status === 200) return RawClient.open((await answer.json()) as OpenGrant);
      const text = await answer.text();
      if (performance.now() > deadline) throw new Error(`no resume: ${answer.status} ${text}`);
      await sleep(Number(answer.headers.get('retry-after') ?? 1) * 1_000);
    }
  }
}

function post(router: string, path: string, body: object): Promise<Response> {
  return fetch(`${router}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function granted(router: string, path: string, body: object): Promise<OpenGrant> {
  const answer = await post(router, path, body);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as OpenGrant;
}

/** A socket with the ticket of `grant`, at its url. */
export function openSocket(grant: OpenGrant, protocol = 'anteroom.raw.v1'): Promise<Peer> {
  return Peer.open(grant.url, [protocol, credentialsToken(grant)]);
}

/** A room of two seats with one client in it. */
export async function createRaw(router: string): Promise<RawClient> {
  return RawClient.open(await granted(router, '/create-room', { max_clients: 2 }));
}

export async function joinRaw(router: string, { grant }: RawClient): Promise<RawClient> {
  return RawClient.open(await granted(router, '/join-room', { room_id: grant.room_id }));
}

/** Each says something that the other hears. Throws if another message comes first. */
export async function rawTalk(a: RawClient, b: RawClient, word: string): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.peer.send(`${word} of ${from.grant.client_id}`);
    const heard = (await to.peer.next()).data.toString();
    if (heard !== `${word} of ${from.grant.client_id}`) throw new Error(`heard ${heard} in place of ${word}`);
  }
}
