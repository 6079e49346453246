import type { IncomingMessage } from 'node:http';

/**
 * The whole body as text; undefined if it is longer than `limit` bytes (the rest is read and thrown away, so that the
 * caller's answer arrives). Rejects if the peer goes away.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limit) {
        chunks.push(chunk);
      } else {
        chunks = [];
        resolve(undefined);
      }
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('error', reject);
    // It may have gone away before anybody listened for errors.
    request.on('close', () => reject(new Error('The peer went away')));
    if (request.destroyed) reject(new Error('The peer went away'));
  });
}
