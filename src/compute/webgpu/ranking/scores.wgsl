// pairs[row i, column j] = (score of g_i with g_j as bits, 1 + training index),
// g·g' = Σ_slot partials[slot, i, j] · 2^(E_i + E_j). A thread takes one pair.

struct Parameters {
  workgroupCount: u32,
  leftRow: u32,
  leftRows: u32,
  rightRow: u32,
  rightRows: u32,
  slotCount: u32,
  /// 0: g·g'; 1: g·g' / (‖g‖ ‖g'‖ + ε); 2: g·g' / (‖g'‖² + ε)
  similarity: u32,
  /// ε = epsMantissa · 2^epsExponent: float32 cannot represent 1e-50.
  epsMantissa: f32,
  epsExponent: i32,
  trainStart: u32,
  pairsRow: u32,
  pairsColumn: u32,
  columns: u32,
  /// Each score is written a second time this many rows below; 0: only once.
  copyDistance: u32,
  maskRow: u32,
  /// Words of 32 training examples in a row of the mask; 0: without a mask.
  maskWords: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read> leftNorms: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> rightNorms: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> pairs: array<vec2<u32>>;
/// How many scores are not finite, then a bit for each training example, row by row.
@group(0) @binding(5) var<storage, read_write> mask: array<atomic<u32>>;

fn scoreBits(dot: f32, left: vec2<u32>, right: vec2<u32>) -> u32 {
  let leftExponent = bitcast<i32>(left.y);
  let rightExponent = bitcast<i32>(right.y);
  if (leftExponent == nonFiniteExponent || rightExponent == nonFiniteExponent) {
    return nanBits;
  }
  let exponent = leftExponent + rightExponent;
  if (parameters.similarity == 0u) {
    return scaledBits(bitcast<u32>(dot), exponent);
  }
  var norm = sqrt(bitcast<f32>(left.x)) * sqrt(bitcast<f32>(right.x));
  var normExponent = exponent;
  if (parameters.similarity == 2u) {
    norm = bitcast<f32>(right.x);
    normExponent = 2 * rightExponent;
  }
  if (norm == 0.0) {
    normExponent = parameters.epsExponent;
  }
  let unit = max(normExponent, parameters.epsExponent);
  let denominator = norm * underOne(normExponent - unit)
    + parameters.epsMantissa * underOne(parameters.epsExponent - unit);
  if (denominator == 0.0) {
    return 0u;
  }
  return scaledBits(bitcast<u32>(dot / denominator), exponent - unit);
}

/// 2^e for e ≤ 0; 0 where float32 has no such number, which is negligible next to 1.
fn underOne(e: i32) -> f32 {
  return select(0.0, powerOfTwo(e), e >= -126);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let pair = groupIndex(id, grid) * 64u + thread;
  let pairCount = parameters.leftRows * parameters.rightRows;
  if (pair >= pairCount) {
    return;
  }
  let i = pair / parameters.rightRows;
  let j = pair % parameters.rightRows;
  let dot = sumOfSlots(pair, pairCount, parameters.slotCount);
  let bits =
    scoreBits(dot, leftNorms[parameters.leftRow + i], rightNorms[parameters.rightRow + j]);
  let train = parameters.trainStart + j;
  let at = (parameters.pairsRow + i) * parameters.columns + parameters.pairsColumn + j;
  pairs[at] = vec2(bits, train + 1u);
  if (parameters.copyDistance > 0u) {
    pairs[at + parameters.copyDistance * parameters.columns] = vec2(bits, train + 1u);
  }
  if (parameters.maskWords > 0u && isNonFinite(bits)) {
    atomicAdd(&mask[0], 1u);
    let word = 1u + (parameters.maskRow + i) * parameters.maskWords + train / 32u;
    atomicOr(&mask[word], 1u << (train % 32u));
  }
}
