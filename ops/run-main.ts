/**
 * Runs a program's main function. The process ends with its exit code; where it never says that it is done, since what
 * it waits for is gone, Node would end with 0: here it ends with 1 and says so.
 *
 * @param name the program, as it names itself in what it says.
 */
export function runMain(name: string, main: () => Promise<number>): void {
  let done = false;
  process.exitCode = 1;
  // emitted only where nothing is left that could settle the promise
  process.once("beforeExit", () => {
    if (!done) process.stderr.write(`${name}: ended before it was done; this is a bug.\n`);
  });
  void main().then((code) => {
    done = true;
    // what is still to be written is written first; a connection that was given up must not hold the process
    process.stdout.write("", () => process.exit(code));
  });
}
