/**
 * Σ over a list of value · the floats at from + offset, added to what stands at `to`: 32, 16 or 4
 * of them side by side. The list, up to `end`, has an i32 offset in bytes and an f32 value per
 * entry.
 */
function addSparse32(list: usize, end: usize, from: usize, to: usize): void {
  let s0 = v128.load(to)
  let s1 = v128.load(to, 16)
  let s2 = v128.load(to, 32)
  let s3 = v128.load(to, 48)
  let s4 = v128.load(to, 64)
  let s5 = v128.load(to, 80)
  let s6 = v128.load(to, 96)
  let s7 = v128.load(to, 112)
  for (let entry = list; entry < end; entry += 8) {
    const at = from + load<u32>(entry)
    const value = v128.load32_splat(entry, 4)
    s0 = f32x4.add(s0, f32x4.mul(value, v128.load(at)))
    s1 = f32x4.add(s1, f32x4.mul(value, v128.load(at, 16)))
    s2 = f32x4.add(s2, f32x4.mul(value, v128.load(at, 32)))
    s3 = f32x4.add(s3, f32x4.mul(value, v128.load(at, 48)))
    s4 = f32x4.add(s4, f32x4.mul(value, v128.load(at, 64)))
    s5 = f32x4.add(s5, f32x4.mul(value, v128.load(at, 80)))
    s6 = f32x4.add(s6, f32x4.mul(value, v128.load(at, 96)))
    s7 = f32x4.add(s7, f32x4.mul(value, v128.load(at, 112)))
  }
  v128.store(to, s0)
  v128.store(to, s1, 16)
  v128.store(to, s2, 32)
  v128.store(to, s3, 48)
  v128.store(to, s4, 64)
  v128.store(to, s5, 80)
  v128.store(to, s6, 96)
  v128.store(to, s7, 112)
}

function addSparse16(list: usize, end: usize, from: usize, to: usize): void {
  let s0 = v128.load(to)
  let s1 = v128.load(to, 16)
  let s2 = v128.load(to, 32)
  let s3 = v128.load(to, 48)
  for (let entry = list; entry < end; entry += 8) {
    const at = from + load<u32>(entry)
    const value = v128.load32_splat(entry, 4)
    s0 = f32x4.add(s0, f32x4.mul(value, v128.load(at)))
    s1 = f32x4.add(s1, f32x4.mul(value, v128.load(at, 16)))
    s2 = f32x4.add(s2, f32x4.mul(value, v128.load(at, 32)))
    s3 = f32x4.add(s3, f32x4.mul(value, v128.load(at, 48)))
  }
  v128.store(to, s0)
  v128.store(to, s1, 16)
  v128.store(to, s2, 32)
  v128.store(to, s3, 48)
}

function addSparse4(list: usize, end: usize, from: usize, to: usize): void {
  let sum = v128.load(to)
  for (let entry = list; entry < end; entry += 8) {
    const value = v128.load32_splat(entry, 4)
    sum = f32x4.add(sum, f32x4.mul(value, v128.load(from + load<u32>(entry))))
  }
  v128.store(to, sum)
}

/** The same for any multiple of 4. */
export function addSparse(list: usize, end: usize, from: usize, to: usize, length: i32): void {
  if (list === end) return
  let k = 0
  for (; k + 32 <= length; k += 32) addSparse32(list, end, from + (k << 2), to + (k << 2))
  if (k + 16 <= length) {
    addSparse16(list, end, from + (k << 2), to + (k << 2))
    k += 16
  }
  for (; k < length; k += 4) addSparse4(list, end, from + (k << 2), to + (k << 2))
}
