import { say } from "./command";

/**
 * Does something, and then takes away what it made, after a failure too: that of the action is told rather than one of
 * the cleaning.
 *
 * @param what is made, for the one who has to take it away by hand.
 */
export async function cleanedUp<T>(what: string, action: () => Promise<T>, clean: () => Promise<unknown>): Promise<T> {
  const result = await action().catch(async (error: unknown) => {
    await clean().catch((cause: unknown) => {
      say(`${what}: still there: ${String(cause)}`);
    });
    throw error;
  });
  await clean();
  return result;
}
