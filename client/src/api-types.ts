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
   * WebSocket address of the task that serves the room (ws: or wss:).
   */
  url: string;
  /**
   * Ticket: the secret that lets this client open its socket and resume.
   */
  ticket: string;
  /**
   * Connect before this instant, else the seat is given to another.
   */
  expires_at: number;
  max_clients: number;
  state: 'open' | 'pending';
  /**
   * Epoch of the room: grows whenever the room is placed anew.
   */
  epoch: number;
}
