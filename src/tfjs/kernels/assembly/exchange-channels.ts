/**
 * turned[taps − 1 − k, p, c] = filter[k, c, p], or turned[k, p, c] if it is not reversed, `taps`
 * being all of the window's: `filter` and `turned` are addresses of float32.
 */
export function exchangeChannels(
  filter: usize,
  turned: usize,
  isReversed: bool,
  taps: i32,
  inChannels: i32,
  outChannels: i32,
): void {
  let from = filter
  for (let k = 0; k < taps; k++) {
    const tap = isReversed ? taps - 1 - k : k
    for (let channel = 0; channel < inChannels; channel++) {
      let to = turned + ((<usize>(tap * outChannels * inChannels + channel)) << 2)
      for (let output = 0; output < outChannels; output++) {
        store<f32>(to, load<f32>(from))
        from += 4
        to += (<usize>inChannels) << 2
      }
    }
  }
}
