/** Messages to the connections of the control channel. Adapter: API Gateway's management API. */
import type { ControlPush } from '../protocol/control-channel.ts';

export interface Push {
  /** `gone`: there is no such connection any more. Throws if it could not be told. */
  send(connection_id: string, message: ControlPush): Promise<'sent' | 'gone'>;
  /** Ends a connection; nothing to do if there is none. Throws if it could not be told. */
  drop(connection_id: string): Promise<void>;
}
