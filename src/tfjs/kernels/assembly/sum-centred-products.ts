/**
 * sums[b, c] = factors[c] · Σ_t dy[b, t, c] (x[b, t, c] − mean[c]): `x` and `dy` [batch, positions,
 * channels], `mean` and `factors` [channels] and `sums` [batch, channels] are addresses of float32.
 * f32x4, 8 channels in registers; the rest by 4, then by 1.
 */
export function sumCentredProducts(
  x: usize,
  dy: usize,
  mean: usize,
  factors: usize,
  sums: usize,
  batch: i32,
  positions: i32,
  channels: i32,
): void {
  const step = (<usize>channels) << 2
  for (let example = 0; example < batch; example++) {
    const start = step * positions * example
    const to = sums + step * example
    let at: usize = 0
    for (; at + 32 <= step; at += 32) {
      const mean0 = v128.load(mean + at)
      const mean1 = v128.load(mean + at, 16)
      let sum0 = f32x4.splat(0)
      let sum1 = f32x4.splat(0)
      let offset = start + at
      for (let t = 0; t < positions; t++) {
        const centred0 = f32x4.sub(v128.load(x + offset), mean0)
        const centred1 = f32x4.sub(v128.load(x + offset, 16), mean1)
        sum0 = f32x4.add(sum0, f32x4.mul(v128.load(dy + offset), centred0))
        sum1 = f32x4.add(sum1, f32x4.mul(v128.load(dy + offset, 16), centred1))
        offset += step
      }
      v128.store(to + at, f32x4.mul(sum0, v128.load(factors + at)))
      v128.store(to + at, f32x4.mul(sum1, v128.load(factors + at, 16)), 16)
    }
    for (; at + 16 <= step; at += 16) {
      const mean0 = v128.load(mean + at)
      let sum = f32x4.splat(0)
      let offset = start + at
      for (let t = 0; t < positions; t++) {
        const centred = f32x4.sub(v128.load(x + offset), mean0)
        sum = f32x4.add(sum, f32x4.mul(v128.load(dy + offset), centred))
        offset += step
      }
      v128.store(to + at, f32x4.mul(sum, v128.load(factors + at)))
    }
    for (; at < step; at += 4) {
      let sum: f32 = 0
      let offset = start + at
      for (let t = 0; t < positions; t++) {
        sum += load<f32>(dy + offset) * (load<f32>(x + offset) - load<f32>(mean + at))
        offset += step
      }
      store<f32>(to + at, sum * load<f32>(factors + at))
    }
  }
}
