/**
 * Reads all items at once. The first failure or the signal aborts the other reads. When this rejects, no read is running.
 */
export async function readAll<Item, Result>(
  items: readonly Item[],
  read: (item: Item, signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result[]> {
  // One signal per read, since Node warns of a leak if many listen to the same one.
  const controllers = items.map(() => new AbortController())
  const end = (reason: unknown): void => {
    for (const controller of controllers) controller.abort(reason)
  }
  const onAbort = (): void => {
    end(signal?.reason)
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  const reads = items.map((item, i) => read(item, controllers[i]!.signal))
  try {
    return await Promise.all(reads)
  } catch (error) {
    end(error)
    await Promise.allSettled(reads)
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}
