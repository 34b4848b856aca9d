/** Random numbers of a normal distribution. */
type Normal = () => number

/** The neighbours that each point has in effect. */
const perplexity = 30
const iterations = 750
const exaggerationIterations = 100
const exaggeration = 12
const learningRate = 100

/**
 * Places points in the plane so that close ones stay close: t-SNE (van der Maaten and Hinton, 2008), exact,
 * O(n²) per iteration.
 *
 * @param distances n × n, row by row
 * @returns n × 2, centred
 */
export function placeByDistance(distances: Float64Array, n: number, normal: Normal): Float64Array {
  const p = computeAffinities(distances, n)
  const y = Float64Array.from({ length: 2 * n }, () => 1e-2 * normal())
  const velocity = new Float64Array(2 * n)
  const gradient = new Float64Array(2 * n)
  const q = new Float64Array(n * n)
  for (let iteration = 0; iteration < iterations; iteration++) {
    const scale = iteration < exaggerationIterations ? exaggeration : 1
    const momentum = iteration < exaggerationIterations ? 0.5 : 0.8
    let sum = 0
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const dx = y[2 * i]! - y[2 * j]!
        const dy = y[2 * i + 1]! - y[2 * j + 1]!
        const kernel = 1 / (1 + dx * dx + dy * dy)
        q[i * n + j] = kernel
        sum += 2 * kernel
      }
    }
    gradient.fill(0)
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const kernel = q[i * n + j]!
        const force = 4 * (scale * p[i * n + j]! - kernel / sum) * kernel
        const dx = force * (y[2 * i]! - y[2 * j]!)
        const dy = force * (y[2 * i + 1]! - y[2 * j + 1]!)
        gradient[2 * i]! += dx
        gradient[2 * i + 1]! += dy
        gradient[2 * j]! -= dx
        gradient[2 * j + 1]! -= dy
      }
    }
    for (let k = 0; k < 2 * n; k++) {
      velocity[k] = momentum * velocity[k]! - learningRate * gradient[k]!
      y[k]! += velocity[k]!
    }
    center(y, n)
  }
  return y
}

/** Symmetric affinities that sum to 1; each row has the same perplexity. */
function computeAffinities(distances: Float64Array, n: number): Float64Array {
  const conditional = new Float64Array(n * n)
  const goal = Math.log(perplexity)
  const row = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    let [beta, low, high] = [1, 0, Infinity]
    for (let step = 0; step < 60; step++) {
      let sum = 0
      let weighted = 0
      for (let j = 0; j < n; j++) {
        const squared = distances[i * n + j]! ** 2
        row[j] = j === i ? 0 : Math.exp(-beta * squared)
        sum += row[j]!
        weighted += row[j]! * squared
      }
      const entropy = Math.log(sum) + (beta * weighted) / sum
      for (let j = 0; j < n; j++) conditional[i * n + j] = row[j]! / sum
      if (Math.abs(entropy - goal) < 1e-5) break
      if (entropy > goal) low = beta
      else high = beta
      beta = high === Infinity ? beta * 2 : (low + high) / 2
    }
  }
  const p = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      p[i * n + j] = (conditional[i * n + j]! + conditional[j * n + i]!) / (2 * n)
    }
  }
  return p
}

function center(y: Float64Array, n: number): void {
  for (const axis of [0, 1]) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += y[2 * i + axis]!
    for (let i = 0; i < n; i++) y[2 * i + axis]! -= sum / n
  }
}
