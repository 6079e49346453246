import { closeChannel, openChannel, syncChannel } from '../shared/use-cases/control-channel.ts';
import { deps } from './runtime/deps.ts';
import { headerOf, socketHandler } from './runtime/web-socket.ts';

/** The control channel: `$connect` with the seat's credentials as a subprotocol, `$disconnect`, and `sync`. */
export const handler = socketHandler({
  connect: (event) =>
    openChannel(deps(), {
      connection_id: event.requestContext.connectionId,
      origin: headerOf(event, 'origin'),
      subprotocols: headerOf(event, 'sec-websocket-protocol') ?? '',
    }),
  disconnect: ({ requestContext }) => closeChannel(deps(), requestContext.connectionId),
  messages: {
    sync: ({ requestContext }) => syncChannel(deps(), requestContext.connectionId),
  },
});
