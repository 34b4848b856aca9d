/**
 * products[t, c] = values[t, c] · factors[c]: `values` and `products` [positions, channels] and
 * `factors` [channels] are addresses of float32.
 */
export function scaleChannels(
  values: usize,
  factors: usize,
  products: usize,
  positions: i32,
  channels: i32,
): void {
  const bytes = (<usize>channels) << 2
  let offset: usize = 0
  for (let t = 0; t < positions; t++) {
    let at: usize = 0
    for (; at + 16 <= bytes; at += 16) {
      const product = f32x4.mul(v128.load(values + offset + at), v128.load(factors + at))
      v128.store(products + offset + at, product)
    }
    for (; at < bytes; at += 4) {
      store<f32>(products + offset + at, load<f32>(values + offset + at) * load<f32>(factors + at))
    }
    offset += bytes
  }
}
