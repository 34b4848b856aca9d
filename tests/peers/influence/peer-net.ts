/** The weights of the net that kronfluence's scores are of: filters [2, 2, 2, 3], kernels [27, 5] and [5, 3]. */
export interface PeerNet {
  readonly filter: readonly number[]
  readonly filterBias: readonly number[]
  readonly kernel: readonly number[]
  readonly bias: readonly number[]
  readonly lastKernel: readonly number[]
  readonly lastBias: readonly number[]
}

/** The logits of one image [4, 4, 2], in float64. */
export function predictNet(net: PeerNet, image: readonly number[]): number[] {
  const hidden: number[] = []
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      for (let output = 0; output < 3; output++) {
        let sum = net.filterBias[output]!
        for (let tap = 0; tap < 8; tap++) {
          const [i, j, channel] = [tap >> 2, (tap >> 1) & 1, tap & 1]
          const pixel = ((row + i) * 4 + column + j) * 2 + channel
          sum += image[pixel]! * net.filter[tap * 3 + output]!
        }
        hidden.push(Math.tanh(sum))
      }
    }
  }
  const multiply = (
    x: readonly number[],
    kernel: readonly number[],
    bias: readonly number[],
  ): number[] =>
    bias.map((own, k) =>
      x.reduce((sum, value, i) => sum + value * kernel[i * bias.length + k]!, own),
    )
  return multiply(
    multiply(hidden, net.kernel, net.bias).map(Math.tanh),
    net.lastKernel,
    net.lastBias,
  )
}
