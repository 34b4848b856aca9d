const lastCalls = new WeakMap<object, Promise<unknown>>()

/**
 * Runs a call after all earlier calls of the same owner have ended, whether they failed or not.
 *
 * @param owner an object for each model on a device, because a runtime may refuse a second call while
 *   one runs
 */
export function runInTurn<Result>(owner: object, call: () => Promise<Result>): Promise<Result> {
  const result = (lastCalls.get(owner) ?? Promise.resolve()).then(call)
  // Without the result, which would stay in memory until the next call.
  const end = (): void => undefined
  lastCalls.set(owner, result.then(end, end))
  return result
}
