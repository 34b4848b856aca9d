/** Allocates memory at a multiple of 16. Traps if there is not enough; nothing has changed then. */
export function allocate(byteLength: usize): usize {
  return heap.alloc(byteLength)
}

export function release(address: usize): void {
  heap.free(address)
}
