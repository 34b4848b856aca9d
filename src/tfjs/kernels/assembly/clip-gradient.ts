/** dx = dy where least ≤ x ≤ greatest, else 0; `length` float32 at each address. */
export function clipGradient(
  x: usize,
  dy: usize,
  dx: usize,
  length: i32,
  least: f32,
  greatest: f32,
): void {
  const low = f32x4.splat(least)
  const high = f32x4.splat(greatest)
  const end = (<usize>length) << 2
  let at: usize = 0
  for (; at + 16 <= end; at += 16) {
    const value = v128.load(x + at)
    const isWithin = v128.and(f32x4.ge(value, low), f32x4.le(value, high))
    v128.store(dx + at, v128.and(v128.load(dy + at), isWithin))
  }
  for (; at < end; at += 4) {
    const value = load<f32>(x + at)
    store<f32>(dx + at, value >= least && value <= greatest ? load<f32>(dy + at) : 0)
  }
}
