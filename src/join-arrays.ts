interface Writable {
  set(source: ArrayLike<number>, offset: number): void
}

/**
 * Copies arrays one after the other into a new one.
 *
 * @param Class its type, such as Float32Array
 */
export function joinArrays<Joined extends Writable>(
  Class: new (length: number) => Joined,
  parts: readonly ArrayLike<number>[],
): Joined {
  const joined = new Class(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
