/**
 * y[t, c] = (x[t, c] − mean[c]) · factors[c] + offsets[c]: `x` and `y` [positions, channels], the
 * others [channels], all addresses of float32.
 */
export function normalizeChannels(
  x: usize,
  mean: usize,
  factors: usize,
  offsets: usize,
  y: usize,
  positions: i32,
  channels: i32,
): void {
  const bytes = (<usize>channels) << 2
  let offset: usize = 0
  for (let t = 0; t < positions; t++) {
    let at: usize = 0
    for (; at + 16 <= bytes; at += 16) {
      const centred = f32x4.sub(v128.load(x + offset + at), v128.load(mean + at))
      const scaled = f32x4.mul(centred, v128.load(factors + at))
      v128.store(y + offset + at, f32x4.add(scaled, v128.load(offsets + at)))
    }
    for (; at < bytes; at += 4) {
      const centred = load<f32>(x + offset + at) - load<f32>(mean + at)
      store<f32>(y + offset + at, centred * load<f32>(factors + at) + load<f32>(offsets + at))
    }
    offset += bytes
  }
}
