/** What use cases cost the database: calls, how many of them follow each other, and the capacity that they consume. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface Cost {
  /** Requests to the database. */
  calls: number;
  /** The most requests of which each was sent after the one before was answered. */
  round_trips: number;
  read_units: number;
  /** Of the tables; what their indexes take comes on top. */
  write_units: number;
}

/** Of an item of 1 KB at most in a transaction (Amazon DynamoDB developer guide, "Amazon DynamoDB Transactions"). */
const UNITS_OF_TRANSACTED_ITEM = 2;

interface Call {
  began: number;
  ended: number;
  read_units: number;
  write_units: number;
}

interface Consumed {
  CapacityUnits?: number;
  Table?: { CapacityUnits?: number };
}

interface Input {
  TransactItems?: unknown[];
}

const READS = new Set(['GetItemCommand', 'QueryCommand', 'TransactGetItemsCommand', 'BatchGetItemCommand']);

/** Notes what each request of `client` costs, from now on. */
export class DynamoMeter {
  #calls: Call[] = [];
  /** Grows whenever a request is sent or answered: order is all that matters. */
  #moment = 0;

  constructor(client: DynamoDBClient) {
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const call: Call = { began: ++this.#moment, ended: Infinity, read_units: 0, write_units: 0 };
        this.#calls.push(call);
        try {
          const input = { ...args.input, ReturnConsumedCapacity: 'INDEXES' };
          const result = await next({ ...args, input });
          const { ConsumedCapacity } = result.output as { ConsumedCapacity?: Consumed | Consumed[] };
          const reads = READS.has(context.commandName ?? '');
          const { TransactItems } = args.input as Input;
          if (!reads && TransactItems !== undefined) {
            // DynamoDB Local counts one item of each table.
            call.write_units = UNITS_OF_TRANSACTED_ITEM * TransactItems.length;
            return result;
          }
          for (const { CapacityUnits = 0, Table } of [ConsumedCapacity ?? []].flat()) {
            if (reads) call.read_units += CapacityUnits;
            else call.write_units += Table?.CapacityUnits ?? CapacityUnits;
          }
          return result;
        } finally {
          call.ended = ++this.#moment;
        }
      },
      { step: 'initialize', name: 'anteroom-meter', override: true },
    );
  }

  /** What `work` costs. Nothing else may use the client meanwhile. */
  async of(work: () => Promise<unknown>): Promise<Cost> {
    this.#calls = [];
    await work();
    const calls = this.#calls;
    // In the order in which they were sent, so that those before are known already.
    const depths: number[] = [];
    for (const { began } of calls) {
      const before = calls.map(({ ended }, index) => (ended < began ? (depths[index] ?? 0) : 0));
      depths.push(1 + Math.max(0, ...before));
    }
    const sum = (of: (call: Call) => number): number => calls.reduce((total, call) => total + of(call), 0);
    return {
      calls: calls.length,
      round_trips: Math.max(0, ...depths),
      read_units: sum(({ read_units }) => read_units),
      write_units: sum(({ write_units }) => write_units),
    };
  }
}
