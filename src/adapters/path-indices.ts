/** Returns the output indices of each point's path. All paths have the same number of them. */
export function indicesOfPoints(outputIndices: Int32Array, pathOf: Int32Array): Int32Array {
  const terms = outputIndices.length / ((pathOf.at(-1) ?? -1) + 1)
  const indices = new Int32Array(pathOf.length * terms)
  for (const [q, path] of pathOf.entries()) {
    indices.set(outputIndices.subarray(path * terms, (path + 1) * terms), q * terms)
  }
  return indices
}
