/** The Worker's side: an engine that is driven by messages. */
import { AnteroomError } from '../errors.ts';
import type { Engine, EngineConfig, EngineEvents, OpenEngine } from './engine.ts';
import type { CallFailure, Order, Port, Report, Told } from './messages.ts';
import { Outbound } from './outbound.ts';

const failureOf = (cause: unknown): CallFailure =>
  cause instanceof AnteroomError
    ? { code: cause.code, message: cause.message }
    : { code: 'protocol', message: cause instanceof Error ? cause.message : String(cause) };

/** Carries out what the page on the other end of `port` orders. `ended`: it has ordered the last. */
export function serveEngine(port: Port<Order, Report>, open: OpenEngine, ended: () => void): void {
  let engine: Engine | undefined;
  let connection = 0;
  let taken = 0;

  const post = (report: Report): void => port.post(report, []);
  const outbound = new Outbound(
    (events, transfer, counts) => port.post({ kind: 'told', events, ...counts }, transfer),
    () => ({ taken, buffered: engine?.bufferedAmount ?? 0 }),
  );
  const tell = <E extends keyof EngineEvents>(event: E) => {
    return (...values: Parameters<EngineEvents[E]>): void =>
      outbound.put({ event, values, connection } as unknown as Told);
  };
  const events: EngineEvents = {
    securing: tell('securing'),
    welcome: tell('welcome'),
    peer: tell('peer'),
    moved: tell('moved'),
    arrived: tell('arrived'),
    strayed: tell('strayed'),
    reopening: tell('reopening'),
    frame: tell('frame'),
    standing: tell('standing'),
    trouble: tell('trouble'),
    fault: tell('fault'),
    hint: tell('hint'),
    move: tell('move'),
    closed: tell('closed'),
    dead: tell('dead'),
  };

  async function start(config: EngineConfig): Promise<void> {
    try {
      engine = await open(config, events);
      post({ kind: 'opened' });
    } catch (cause) {
      post({ kind: 'refused', failure: failureOf(cause) });
    }
  }

  async function answer(call: number, asked: Promise<string | string[] | void>): Promise<void> {
    try {
      const value = await asked;
      // What happened before the answer is heard before it.
      outbound.flush();
      post({ kind: 'done', call, value: value ?? undefined });
    } catch (cause) {
      post({ kind: 'failed', call, failure: failureOf(cause) });
    }
  }

  function carryOut(engine: Engine, order: Exclude<Order, { do: 'open' }>): void {
    switch (order.do) {
      case 'connect':
        connection = order.connection;
        engine.connect(order.endpoint);
        return;
      case 'move':
        engine.move(order.endpoint);
        return;
      case 'send':
        taken += order.frame.payload.length;
        engine.send(order.frame);
        outbound.counted();
        return;
      case 'probe':
        engine.probe();
        return;
      case 'hang_up':
        void answer(order.call, engine.hangUp(order.leaving));
        return;
      case 'safety_number':
        void answer(order.call, engine.safetyNumber());
        return;
      case 'invite':
        void answer(order.call, engine.invite(order.to, order.room_id, order.secret));
        return;
      case 'dispose':
        engine.dispose();
        outbound.stop();
        ended();
        return;
    }
  }

  port.listen((order) => {
    if (order.do === 'open') void start(order.config);
    else if (engine !== undefined) carryOut(engine, order);
  });
}
