import { describe, expect, it, vi } from 'vitest';
import { Emitter, reportException } from '../../../client/src/emitter.ts';

interface Events {
  number: number;
  text: string;
}

describe('Emitter', () => {
  it('calls the listeners of an event in the order in which they came, until they stop', () => {
    const emitter = new Emitter<Events>();
    const heard: string[] = [];
    const stop = emitter.on('number', (value) => heard.push(`a${value}`));
    emitter.on('number', (value) => heard.push(`b${value}`));
    emitter.on('text', (value) => heard.push(value));
    emitter.emit('number', 1);
    stop();
    stop();
    emitter.emit('number', 2);
    emitter.emit('text', 'x');
    expect(heard).toEqual(['a1', 'b1', 'b2', 'x']);
  });

  it('counts each registration of one function', () => {
    const emitter = new Emitter<Events>();
    const listener = vi.fn<(value: number) => void>();
    const stop = emitter.on('number', listener);
    emitter.on('number', listener);
    emitter.emit('number', 1);
    stop();
    emitter.emit('number', 2);
    expect(listener.mock.calls).toEqual([[1], [1], [2]]);
  });

  it('is not disturbed by listeners that come and go while it calls them', () => {
    const emitter = new Emitter<Events>();
    const heard: string[] = [];
    const stop = emitter.on('number', () => {
      stop();
      emitter.on('number', () => heard.push('late'));
      heard.push('first');
    });
    emitter.on('number', () => heard.push('second'));
    emitter.emit('number', 1);
    expect(heard).toEqual(['first', 'second']);
  });

  it('tells all the same in the same order, also what one of them emits', () => {
    const emitter = new Emitter<Events>();
    const heard: string[] = [];
    emitter.on('number', (value) => {
      heard.push(`a${value}`);
      if (value === 1) {
        emitter.emit('number', 2);
        emitter.emit('text', 'x');
      }
    });
    emitter.on('number', (value) => heard.push(`b${value}`));
    emitter.on('text', (value) => heard.push(value));
    emitter.emit('number', 1);
    expect(heard).toEqual(['a1', 'b1', 'a2', 'b2', 'x']);
  });

  it('reports what a listener throws and calls the others all the same', () => {
    const report = vi.fn<(exception: unknown) => void>();
    const emitter = new Emitter<Events>(report);
    const fault = new Error('a fault of the application');
    const listener = vi.fn<(value: number) => void>();
    emitter.on('number', () => {
      throw fault;
    });
    emitter.on('number', listener);
    emitter.emit('number', 7);
    expect(report.mock.calls).toEqual([[fault]]);
    expect(listener).toHaveBeenCalledExactlyOnceWith(7);
  });
});

describe('reportException', () => {
  it('uses reportError where the platform has it', () => {
    const reportError = vi.fn<(exception: unknown) => void>();
    vi.stubGlobal('reportError', reportError);
    try {
      reportException('oh');
    } finally {
      vi.unstubAllGlobals();
    }
    expect(reportError).toHaveBeenCalledExactlyOnceWith('oh');
  });

  it('throws in a task of its own elsewhere', () => {
    const deferred: (() => void)[] = [];
    vi.stubGlobal('reportError', undefined);
    vi.stubGlobal('queueMicrotask', (task: () => void) => deferred.push(task));
    try {
      reportException(new Error('oh'));
    } finally {
      vi.unstubAllGlobals();
    }
    expect(deferred).toHaveLength(1);
    expect(deferred[0]).toThrow('oh');
  });
});
