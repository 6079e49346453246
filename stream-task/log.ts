import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger };

/** Fields that hold a secret wherever they turn up. Nothing logs them; this catches the slip. */
const SECRET_FIELDS = ['ticket', 'ticket_hash', 'authorization', 'sec-websocket-protocol', 'secret', 'token'];

/** JSON lines on standard output, or to `destination`. Nothing on the path of a frame logs. */
export function createLog(
  level: string,
  fields: Record<string, string> = {},
  destination?: DestinationStream,
): Logger {
  const options = {
    level,
    base: { service: 'stream-task', ...fields },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`]),
      censor: '[redacted]',
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
