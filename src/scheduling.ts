/**
 * Resolves in a task of its own, so that the page paints, answers and can abort in between. Awaiting a
 * settled promise does not do that; a timer would wait 4 ms once it is nested.
 */
export function waitForNextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = (): void => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}
