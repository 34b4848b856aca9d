// x · 2^e from the bits of float32 numbers, subnormal and infinite ones included,
// and the index of a workgroup in a folded grid. No entry point.

const magnitudeMask = 0x7fffffffu;
const infinityBits = 0x7f800000u;
const nanBits = 0x7fc00000u;

/// The exponent of a row's numbers where one of them is not finite.
const nonFiniteExponent = 0x7fffffffi;

fn isNonFinite(bits: u32) -> bool {
  return (bits & magnitudeMask) >= infinityBits;
}

/// e of 2^e ≤ |x| < 2^(e+1); that of the smallest normal number for subnormal ones and zero.
fn exponentOf(bits: u32) -> i32 {
  return max(i32((bits & magnitudeMask) >> 23u), 1) - 127;
}

/// 2^e, with e clamped to the exponents of normal float32 numbers.
fn powerOfTwo(e: i32) -> f32 {
  return bitcast<f32>(u32(clamp(e, -126, 127) + 127) << 23u);
}

/// The bits of x · 2^e, rounded to nearest even where the result is subnormal.
fn scaledBits(bits: u32, e: i32) -> u32 {
  let sign = bits & 0x80000000u;
  var exponent = i32((bits >> 23u) & 0xffu);
  var fraction = bits & 0x7fffffu;
  if (exponent == 255 || (bits & magnitudeMask) == 0u) {
    return bits;
  }
  if (exponent == 0) {
    let shift = countLeadingZeros(fraction) - 8u;
    fraction = (fraction << shift) & 0x7fffffu;
    exponent = 1 - i32(shift);
  }
  exponent += e;
  if (exponent >= 255) {
    return sign | infinityBits;
  }
  if (exponent >= 1) {
    return sign | (u32(exponent) << 23u) | fraction;
  }
  if (exponent < -23) {
    return sign;
  }
  let shift = u32(1 - exponent);
  let significand = fraction | 0x800000u;
  let kept = significand >> shift;
  let cut = significand & ((1u << shift) - 1u);
  let half = 1u << (shift - 1u);
  let roundsUp = cut > half || (cut == half && (kept & 1u) == 1u);
  return sign | (kept + select(0u, 1u, roundsUp));
}

fn groupIndex(group: vec3<u32>, grid: vec3<u32>) -> u32 {
  return group.y * grid.x + group.x;
}
