import { describe, expect, test } from 'vitest';
import { Help } from '../../../scripts/command-line.ts';
import { relayBenchOptions, USAGE } from '../../../bench/relay/options.ts';
import { turnOf } from '../../../bench/relay/order.ts';
import { roomRate, SCENARIOS } from '../../../bench/relay/scenarios.ts';
import { BASELINE, OURS, OURS_V1, overTls } from '../../../bench/relay/systems.ts';

const names = (all: readonly { name: string }[]): string[] => all.map(({ name }) => name);

describe('options of the relay benchmark', () => {
  test('without any, every system is measured plain, in every scenario, idle and inside', () => {
    const options = relayBenchOptions([]);
    expect(names(options.systems)).toEqual([
      OURS,
      OURS_V1,
      BASELINE,
      'naive ws',
      'uWebSockets.js',
      'Socket.IO',
      'Colyseus',
      'nats-server',
      'mosquitto',
    ]);
    expect(options.scenarios).toEqual(SCENARIOS);
    expect(options).toMatchObject({
      quick: false,
      json: false,
      idle: true,
      inside: true,
      rounds: 5,
      seconds: 2,
    });
  });

  test('a quick run has ours and the baseline, and all scenarios but the idle connections', () => {
    const options = relayBenchOptions(['--quick', '--json']);
    expect(names(options.systems)).toEqual([OURS, OURS_V1, BASELINE]);
    expect(options.scenarios).toEqual(SCENARIOS);
    expect(options).toMatchObject({ quick: true, json: true, idle: false, inside: false });
  });

  test('TLS comes on top of plain, for what Node serves', () => {
    const { systems } = relayBenchOptions(['--tls']);
    const secure = systems.filter(({ tls }) => tls);
    expect(names(secure)).toContain(overTls(BASELINE));
    expect(names(secure)).not.toContain(overTls('mosquitto'));
    expect(names(systems)).toContain(OURS);
  });

  test.each<[only: string[], systems: string[], scenarios: string[], idle: boolean]>([
    [['colyseus'], ['Colyseus'], names(SCENARIOS), true],
    [['anteroom', '1x500'], [OURS, OURS_V1], ['1x500 1KB'], false],
    [['mosquitto', 'nats', 'idle'], ['nats-server', 'mosquitto'], [], true],
    [['burst', '16KB', 'naive ws with'], [BASELINE], ['25x4 16KB', '40x10 1KB burst'], false],
  ])('--only %j', (only, systems, scenarios, idle) => {
    const options = relayBenchOptions(only.flatMap((text) => ['--only', text]));
    expect(names(options.systems)).toEqual(systems);
    expect(names(options.scenarios)).toEqual(scenarios);
    expect(options.idle).toBe(idle);
  });

  test('--inside measures nothing else', () => {
    const options = relayBenchOptions(['--inside']);
    expect(options).toMatchObject({ systems: [], scenarios: [], idle: false, inside: true });
  });

  test.each<[args: string[], message: RegExp]>([
    [['--only', 'webtransport'], /no such system or scenario. There are anteroom raw/],
    [['--quick', '--only', 'Colyseus'], /no such system/],
    [['--rounds', '0'], /--rounds takes a number from 1 to 100, not 0/],
    [['--rounds', '1.5'], /--rounds takes a whole number, not 1.5/],
    [['--seconds', 'ten'], /--seconds takes a number from 0.1 to 600, not ten/],
    [['--seconds', ''], /--seconds takes a number/],
    [['--chart', ''], /--chart takes the name of a file/],
    [['--inside', '--only', 'idle'], /--inside goes without --only/],
    [['--fast'], /Unknown option '--fast'/],
    [['quick'], /Unexpected argument 'quick'/],
  ])('%j is refused with a sentence', (args, message) => {
    expect(() => relayBenchOptions(args)).toThrow(message);
    expect(() => relayBenchOptions(args)).toThrow(TypeError);
  });

  test('--help says what there is', () => {
    expect(() => relayBenchOptions(['--help'])).toThrow(Help);
    for (const option of [
      'quick',
      'only',
      'tls',
      'rounds',
      'seconds',
      'inside',
      'capacity',
      'json',
      'chart',
      'help',
    ]) {
      expect(USAGE).toContain(`--${option} `);
    }
  });
});

describe('the order of a round', () => {
  test('over as many rounds as systems each is measured once at each place', () => {
    const rounds = [0, 1, 2, 3].map((round) => turnOf(['a', 'b', 'c'], round));
    expect(rounds).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c', 'a'],
      ['c', 'a', 'b'],
      ['a', 'b', 'c'],
    ]);
    expect(turnOf([], 3)).toEqual([]);
  });
});

test('the rate of a room makes so many deliveries in all rooms', () => {
  for (const scenario of SCENARIOS) {
    const messages = roomRate(scenario, 12_600) * scenario.rooms;
    expect(messages * (scenario.members - 1)).toBeCloseTo(12_600);
  }
});
