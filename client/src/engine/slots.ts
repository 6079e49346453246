import type { Peer } from '../../../shared/protocol/control.ts';

/** The slots of one connection: those of the other clients who are connected now. */
export class Slots {
  readonly #slots = new Map<string, number>();
  readonly #ids = new Map<number, string>();

  slotOf(client_id: string): number | undefined {
    return this.#slots.get(client_id);
  }

  idOf(slot: number): string | undefined {
    return this.#ids.get(slot);
  }

  /** Client ids and slots, in the order in which they came. */
  get all(): IterableIterator<[client_id: string, slot: number]> {
    return this.#slots.entries();
  }

  clear(): void {
    this.#slots.clear();
    this.#ids.clear();
  }

  /** Of a client that is here already (it was replaced) only the slot is new. */
  add({ client_id, slot }: Peer): void {
    this.delete(client_id);
    this.#slots.set(client_id, slot);
    this.#ids.set(slot, client_id);
  }

  delete(client_id: string): void {
    const slot = this.#slots.get(client_id);
    if (slot === undefined) return;
    this.#slots.delete(client_id);
    // Another may hold it by now.
    if (this.#ids.get(slot) === client_id) this.#ids.delete(slot);
  }
}
