/** By the promise that rejects when a device is lost: the calls that wait for its work. */
const waiting = new WeakMap<Promise<never>, Set<(reason: unknown) => void>>()

/**
 * Resolves to the result of work, or rejects as soon as `lost` rejects. `Promise.race` would keep every result in memory
 * until `lost` settles: as long as the device is open.
 *
 * @param lost rejects when the device is lost, and never resolves
 */
export function raceLoss<Result>(work: Promise<Result>, lost: Promise<never>): Promise<Result> {
  return new Promise((resolve, reject) => {
    // Before a loss that is known already: work that is done has a result.
    const settled = work.then(resolve, reject)
    const calls = waiting.get(lost) ?? watchLoss(lost)
    calls.add(reject)
    void settled.finally(() => calls.delete(reject))
  })
}

/** Rejects if `lost` has rejected. */
export const assertNotLost = (lost: Promise<never>): Promise<void> =>
  // One microtask later than the reactions to a loss.
  raceLoss(
    Promise.resolve().then(() => undefined),
    lost,
  )

function watchLoss(lost: Promise<never>): Set<(reason: unknown) => void> {
  const calls = new Set<(reason: unknown) => void>()
  waiting.set(lost, calls)
  lost.catch((reason: unknown) => {
    // Later calls watch it again, and then reject too.
    waiting.delete(lost)
    for (const reject of calls) reject(reason)
  })
  return calls
}
