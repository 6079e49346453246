import { Readable } from 'node:stream';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { printLines, readableLine } from '../../../dev/lines.ts';

describe('a line of output', () => {
  it.each([
    ['plain text', 'plain text'],
    ['[1, 2]', '[1, 2]'],
    ['"text"', '"text"'],
    [
      '{"level":"info","time":"2026-01-01T00:00:00Z","service":"stream-task","task_id":"t","msg":"client joined","room_id":"00157","clients":2}',
      'client joined task_id=t room_id=00157 clients=2',
    ],
    [
      '{"level":"WARN","message":"put-task failed","timestamp":"2026-01-01T00:00:00Z","detail":"no answer"}',
      'WARN put-task failed detail="no answer"',
    ],
    [
      '{"level":"ERROR","message":"failed","error":{"name":"Error","stack":"Error: x\\n    at y"}}',
      'ERROR failed error=Error: x\n    at y',
    ],
  ])('%j reads %j', (line, expected) => {
    expect(readableLine(line)).toBe(expected);
  });

  it('leaves out what it is told to', () => {
    expect(readableLine('{"msg":"stopped","task_id":"t","rooms":1}', ['task_id'])).toBe('stopped rooms=1');
  });

  it('of metrics is left out', () => {
    expect(readableLine('{"_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"rooms":1}')).toBeUndefined();
  });
});

it('each line is printed behind the prefix, however the output arrives', async () => {
  const stream = new Readable({ read: () => undefined });
  const lines: string[] = [];
  printLines(stream, '[a] ', (line) => lines.push(line));
  for (const part of ['on', 'e\ntw', 'o\n', '{"msg":"thr', 'ee"}\nfour']) stream.push(part);
  stream.push(null);
  await once(stream, 'close');
  expect(lines).toEqual(['[a] one', '[a] two', '[a] three', '[a] four']);
});
