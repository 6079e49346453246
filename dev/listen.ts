import type { AddressInfo, Server } from 'node:net';

/** Makes `server` listen on a free port of 127.0.0.1; resolves to the port. */
export function listenLocally(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
