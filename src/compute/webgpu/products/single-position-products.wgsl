// partials[i, j] = (a_i · a'_j)(δ_i · δ'_j) for factors of one position.
// A workgroup of 16 × 16 threads takes 32 × 32 pairs, a thread 2 × 2, in steps of 16 numbers.

struct Parameters {
  workgroupCount: u32,
  leftRow: u32,
  leftRows: u32,
  rightRow: u32,
  rightRows: u32,
  slot: u32,
  inputSize: u32,
  outputSize: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> leftA: array<f32>;
@group(0) @binding(2) var<storage, read> leftDelta: array<f32>;
@group(0) @binding(3) var<storage, read> rightA: array<f32>;
@group(0) @binding(4) var<storage, read> rightDelta: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<f32>;

const tile = 32u;
const step = 16u;
/// The length of a row of a tile in shared memory: one more than needed, so that neighbours are in
/// different banks.
const pitch = 17u;

var<workgroup> leftTile: array<f32, tile * pitch>;
var<workgroup> rightTile: array<f32, tile * pitch>;

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
) {
  let group = groupIndex(id, grid);
  if (group >= parameters.workgroupCount) {
    return;
  }
  let rightTiles = (parameters.rightRows + tile - 1u) / tile;
  let firstI = group / rightTiles * tile;
  let firstJ = group % rightTiles * tile;

  var products = vec4(1.0);
  for (var factor = 0u; factor < 2u; factor++) {
    let size = select(parameters.inputSize, parameters.outputSize, factor == 1u);
    var sums = vec4<f32>();
    for (var at = 0u; at < size; at += step) {
      let k = at + thread.x;
      for (var half = 0u; half < tile; half += 16u) {
        let row = thread.y + half;
        let leftAt = (parameters.leftRow + firstI + row) * size + k;
        let rightAt = (parameters.rightRow + firstJ + row) * size + k;
        var left = 0.0;
        var right = 0.0;
        if (k < size && firstI + row < parameters.leftRows) {
          if (factor == 0u) {
            left = leftA[leftAt];
          } else {
            left = leftDelta[leftAt];
          }
        }
        if (k < size && firstJ + row < parameters.rightRows) {
          if (factor == 0u) {
            right = rightA[rightAt];
          } else {
            right = rightDelta[rightAt];
          }
        }
        leftTile[row * pitch + thread.x] = left;
        rightTile[row * pitch + thread.x] = right;
      }
      workgroupBarrier();
      if (firstI + thread.y < parameters.leftRows) {
        // Sums of 16 products are added up, not product by product: the error grows with the number of sums.
        var block = vec4<f32>();
        for (var s = 0u; s < step; s++) {
          let left = leftTile[thread.y * pitch + s];
          let lowerLeft = leftTile[(thread.y + 16u) * pitch + s];
          let right = vec2(
            rightTile[thread.x * pitch + s],
            rightTile[(thread.x + 16u) * pitch + s],
          );
          block += vec4(left * right, lowerLeft * right);
        }
        sums += block;
      }
      workgroupBarrier();
    }
    products *= sums;
  }
  for (var quarter = 0u; quarter < 4u; quarter++) {
    let i = firstI + thread.y + 16u * (quarter / 2u);
    let j = firstJ + thread.x + 16u * (quarter % 2u);
    if (i < parameters.leftRows && j < parameters.rightRows) {
      let pair = i * parameters.rightRows + j;
      partials[parameters.slot * parameters.leftRows * parameters.rightRows + pair] =
        products[quarter];
    }
  }
}
