// leftElement(row, k) is number k of a row's gradient in any layout:
// dense: the number itself; factored: Σ_t a_t δ_tᵀ; lookup: Σ_t δ_t at row index_t.
// Written for the left side; the right side's copy replaces the name. No entry point.

@group(0) @binding(leftFirstBinding) var<storage, read> leftFirst: array<u32>;
@group(0) @binding(leftSecondBinding) var<storage, read> leftSecond: array<f32>;

fn leftElement(row: u32, k: u32) -> f32 {
  let inputSize = parameters.leftInputSize;
  let outputSize = parameters.leftOutputSize;
  if (parameters.leftKind == denseKind) {
    return bitcast<f32>(leftFirst[row * inputSize * outputSize + k]);
  }
  let i = k / outputSize;
  let j = k % outputSize;
  var sum = 0.0;
  for (var t = row * parameters.leftPositions; t < (row + 1u) * parameters.leftPositions; t++) {
    if (parameters.leftKind == factoredKind) {
      sum += bitcast<f32>(leftFirst[t * inputSize + i]) * leftSecond[t * outputSize + j];
    } else if (leftFirst[t] == i) {
      sum += leftSecond[t * outputSize + j];
    }
  }
  return sum;
}
