/**
 * Frees what is in the buffers now, and not when a collector comes by, as late as it does in threads that hardly use memory
 * of JavaScript's own. There is no other way than to send them to somebody who never takes them.
 */
export function freeBuffers(buffers: readonly ArrayBufferLike[]): void {
  const owned = [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer)
  if (owned.length === 0) return
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(null, owned)
  port1.close()
  port2.close()
}
