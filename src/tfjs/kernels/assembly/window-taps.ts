/** The first tap of a window that meets the input. */
export function firstTap(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation
}

/** One past the last of them. */
export function endTap(start: i32, dilation: i32, taps: i32, length: i32): i32 {
  const reach = length - 1 - start
  return reach < 0 ? 0 : min<i32>(taps, reach / dilation + 1)
}
