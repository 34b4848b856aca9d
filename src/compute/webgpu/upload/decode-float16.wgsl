// to[row, k] = encoded[row, k] · 2^exponents[row], from the bits of float16, two in a word.
// A workgroup of 256 threads takes 1,024 numbers; a thread takes every 256th.

struct Parameters {
  workgroupCount: u32,
  exampleCount: u32,
  rowSize: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> encoded: array<u32>;
@group(0) @binding(2) var<storage, read> exponents: array<i32>;
@group(0) @binding(3) var<storage, read_write> to: array<u32>;

const stretch = 1024u;

/// Uses integers, because unpack2x16float may turn a subnormal number into zero.
fn floatBits(bits: u32) -> u32 {
  let sign = (bits & 0x8000u) << 16u;
  let exponent = (bits >> 10u) & 31u;
  let fraction = bits & 0x3ffu;
  if (exponent == 31u) {
    return sign | infinityBits | (fraction << 13u);
  }
  if (exponent == 0u) {
    return sign | bitcast<u32>(f32(fraction) * 0x1p-24f);
  }
  return sign | ((exponent + 112u) << 23u) | (fraction << 13u);
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let start = groupIndex(id, grid) * stretch;
  let end = min(start + stretch, parameters.exampleCount * parameters.rowSize);
  for (var at = start + thread; at < end; at += 256u) {
    let number = floatBits((encoded[at / 2u] >> (16u * (at % 2u))) & 0xffffu);
    let scaled = scaledBits(number, exponents[at / parameters.rowSize]);
    // A finite number may lie beyond the largest float32 by its rounding.
    let isTooLarge = isNonFinite(scaled) && !isNonFinite(number);
    to[at] = select(scaled, (scaled & 0x80000000u) | 0x7f7fffffu, isTooLarge);
  }
}
