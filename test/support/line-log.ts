/** Collects printed lines, and tells when one comes. */
export interface LineLog {
  print: (line: string) => void;
  /** All lines so far. */
  text: () => string;
  /** Resolves when a line matches `pattern`: one after the `from`th, by default any. */
  printed: (pattern: RegExp, from?: number) => Promise<string>;
  /** How many lines there are. */
  count: () => number;
}

export function lineLog(): LineLog {
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  return {
    print(line) {
      lines.push(line);
      for (const watcher of watchers) watcher();
    },
    text: () => lines.join('\n'),
    count: () => lines.length,
    printed: (pattern, from = 0) =>
      new Promise((resolve) => {
        const watcher = (): void => {
          const found = lines.slice(from).find((line) => pattern.test(line));
          if (found === undefined) return;
          watchers.delete(watcher);
          resolve(found);
        };
        watchers.add(watcher);
        watcher();
      }),
  };
}
