/* Types of the HTTP API, made from shared/protocol/api.ts by `npm run generate`; do not edit. */

export interface Api {
  CreateRoomRequest: CreateRoomRequest;
  JoinRoomRequest: JoinRoomRequest;
  Grant: Grant;
}
export interface CreateRoomRequest {
  /**
   * Clients in the room at most. Default and upper limit: MAX_CLIENTS of the deployment.
   */
  max_clients?: number;
  /**
   * Kind of task that serves the room. Default: relay.
   */
  kind?: 'relay' | 'render';
  /**
   * Whether the room may wait for a task to start where none has a place (202). Default: true; false: then it is refused (503).
   */
  wait?: boolean;
}
export interface JoinRoomRequest {
  /**
   * Room id: a string of digits, leading zeros included.
   */
  room_id: string;
  /**
   * Client id: a UUID, public within the room.
   */
  client_id?: string;
  /**
   * Ticket: the secret that lets this client open its socket and resume.
   */
  ticket?: string;
}
export interface Grant {
  /**
   * Room id: a string of digits, leading zeros included.
   */
  room_id: string;
  /**
   * Client id: a UUID, public within the room.
   */
  client_id: string;
  /**
   * WebSocket address of the task that serves the room (ws: or wss:). Absent while the room is pending.
   */
  url?: string;
  /**
   * WebSocket address of the control channel (ws: or wss:), which tells what becomes of the room while no task can. Absent where there is none.
   */
  control_url?: string;
  /**
   * Ticket: the secret that lets this client open its socket and resume.
   */
  ticket: string;
  /**
   * Open: connect before this instant, else the seat is given to another. Pending: if no task has started by then, the room is given up.
   */
  expires_at: number;
  max_clients: number;
  /**
   * open: connect to `url`. pending: the room waits for a task to start.
   */
  state: 'open' | 'pending';
  /**
   * Epoch of the room: grows whenever the room is placed anew.
   */
  epoch: number;
}
