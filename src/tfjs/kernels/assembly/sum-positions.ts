/**
 * sums[b, c] = Σ_t values[b, t, c]: `values` [batch, positions, channels] and `sums` [batch,
 * channels] are addresses of float32. f32x4, 16 channels in registers; the rest by 4, then by 1.
 */
export function sumPositions(
  values: usize,
  sums: usize,
  batch: i32,
  positions: i32,
  channels: i32,
): void {
  const step = (<usize>channels) << 2
  for (let example = 0; example < batch; example++) {
    const from = values + step * positions * example
    const to = sums + step * example
    let channel = 0
    for (; channel + 16 <= channels; channel += 16) {
      const at = (<usize>channel) << 2
      let sum0 = f32x4.splat(0)
      let sum1 = f32x4.splat(0)
      let sum2 = f32x4.splat(0)
      let sum3 = f32x4.splat(0)
      let position = from + at
      for (let t = 0; t < positions; t++) {
        sum0 = f32x4.add(sum0, v128.load(position))
        sum1 = f32x4.add(sum1, v128.load(position, 16))
        sum2 = f32x4.add(sum2, v128.load(position, 32))
        sum3 = f32x4.add(sum3, v128.load(position, 48))
        position += step
      }
      v128.store(to + at, sum0)
      v128.store(to + at, sum1, 16)
      v128.store(to + at, sum2, 32)
      v128.store(to + at, sum3, 48)
    }
    for (; channel + 4 <= channels; channel += 4) {
      const at = (<usize>channel) << 2
      let sum = f32x4.splat(0)
      for (let t = 0; t < positions; t++) sum = f32x4.add(sum, v128.load(from + at + step * t))
      v128.store(to + at, sum)
    }
    for (; channel < channels; channel++) {
      const at = (<usize>channel) << 2
      let sum: f32 = 0
      for (let t = 0; t < positions; t++) sum += load<f32>(from + at + step * t)
      store<f32>(to + at, sum)
    }
  }
}
