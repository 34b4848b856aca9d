/** The points that the examples of the documentation learn from: [a, b], in steps of 1/9. */
const points = Array.from({ length: 100 }, (_, i): [number, number] => [
  (i % 10) / 9,
  Math.floor(i / 10) / 9,
])

/**
 * The three points most similar to x by the cosine of their gradients, which are (p − y) ⊗ [a, b, 1].
 * Of two classes, p − y is a multiple of [−1, 1]: its sign is the class, and its size cancels, so
 * the weights don't matter.
 */
export function findMostSimilar([a, b]: readonly [number, number]): [number, number][] {
  return points
    .filter((point) => point[0] > point[1] === a > b)
    .map((point) => {
      const product = a * point[0] + b * point[1] + 1
      return { point, cosine: product / Math.hypot(point[0], point[1], 1) }
    })
    .sort((p, q) => q.cosine - p.cosine)
    .slice(0, 3)
    .map(({ point }) => point)
}
