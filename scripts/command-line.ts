/** What commands do with their command line. */

/** `--help` was given. */
export class Help extends Error {}

/** What `read` makes of the command line. Ends the process where that is a request for help, or cannot be used. */
export function optionsOr<T>(usage: string, read: (args: string[]) => T): T {
  try {
    return read(process.argv.slice(2));
  } catch (error) {
    if (error instanceof Help) {
      process.stdout.write(`${usage}\n`);
      return process.exit(0);
    }
    process.stderr.write(`${(error as Error).message}\n${usage}\n`);
    return process.exit(2);
  }
}
