/**
 * As Promise.all, but a failure waits for the others too: what they are still making could not be removed otherwise.
 */
export async function all<T extends readonly unknown[] | []>(
  promises: T,
): Promise<{ -readonly [Key in keyof T]: Awaited<T[Key]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
