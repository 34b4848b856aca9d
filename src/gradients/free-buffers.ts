/**
 * Frees the memory of buffers at once. The garbage collector frees it late in threads that use little other memory.
 * The only way is to transfer the buffers to a port that never receives them.
 */
export function freeBuffers(buffers: readonly ArrayBufferLike[]): void {
  const owned = [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer)
  if (owned.length === 0) return
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(null, owned)
  port1.close()
  port2.close()
}
