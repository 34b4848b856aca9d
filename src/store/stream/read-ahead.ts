/**
 * Yields what `read` returns for 0 … count − 1, in this order. Up to `ahead` reads run while an item is used. When the
 * generator ends, for whatever reason, no read is running.
 *
 * @param read must end when its signal is aborted
 */
export async function* readAhead<Item>(
  count: number,
  ahead: number,
  read: (index: number, signal: AbortSignal) => Promise<Item>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  const abort = (): void => {
    controller.abort(signal?.reason)
  }
  signal?.addEventListener('abort', abort, { once: true })
  const running: Promise<Item>[] = []
  try {
    let next = 0
    while (running.length > 0 || next < count) {
      while (next < count && running.length < ahead) {
        const item = read(next++, controller.signal)
        // It may fail before it is awaited.
        item.catch(() => undefined)
        running.push(item)
      }
      const item = await running[0]!
      void running.shift()
      yield item
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    controller.abort()
    await Promise.allSettled(running)
  }
}
