/** What the control plane counts and says, as a port. No secret, ticket or token is ever passed to it. */

/** Names of the router's metrics; all are counts. */
export type MetricName =
  | 'rooms_created'
  | 'rooms_pending'
  | 'rooms_placed'
  | 'rooms_refused'
  | 'rooms_closed'
  | 'rooms_rehomed'
  | 'rooms_migrated'
  | 'clients_joined'
  | 'clients_resumed'
  | 'clients_removed'
  | 'clients_refused'
  | 'joins_limited'
  | 'requests_replayed'
  | 'registers_failed'
  | 'tasks_registered'
  | 'tasks_pruned'
  | 'tasks_launched'
  | 'launches_failed'
  | 'pushes_failed'
  | 'sweeps_held'
  | 'sweep_faults'
  | 'repairs';

export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Telemetry {
  count(metric: MetricName, value?: number): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
}
