// partials[chunk, i, j] = Σ_k left[i, k] right[j, k] over a chunk of k.
// A workgroup of 16 × 16 threads takes 32 × 32 pairs, a thread 2 × 2, in steps of 16 numbers k.

struct Parameters {
  workgroupCount: u32,
  leftRow: u32,
  leftRows: u32,
  rightRow: u32,
  rightRows: u32,
  size: u32,
  chunkLength: u32,
  slot: u32,
  leftKind: u32,
  leftPositions: u32,
  leftInputSize: u32,
  leftOutputSize: u32,
  rightKind: u32,
  rightPositions: u32,
  rightInputSize: u32,
  rightOutputSize: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(5) var<storage, read_write> partials: array<f32>;

const leftFirstBinding = 1;
const leftSecondBinding = 2;
const rightFirstBinding = 3;
const rightSecondBinding = 4;

const tile = 32u;
const step = 16u;
/// Steps that are summed before they are added to the total: the error grows with the number of
/// sums, not of products.
const stepsPerSum = 256u;
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
  let tiles = (parameters.leftRows + tile - 1u) / tile * rightTiles;
  let chunk = group / tiles;
  let firstI = (group % tiles) / rightTiles * tile;
  let firstJ = (group % tiles) % rightTiles * tile;
  let firstK = chunk * parameters.chunkLength;
  let end = min(firstK + parameters.chunkLength, parameters.size);

  var sums = vec4<f32>();
  var recent = vec4<f32>();
  var steps = 0u;
  for (var at = firstK; at < end; at += step) {
    let k = at + thread.x;
    for (var half = 0u; half < tile; half += 16u) {
      let row = thread.y + half;
      var left = 0.0;
      var right = 0.0;
      if (k < end && firstI + row < parameters.leftRows) {
        left = leftElement(parameters.leftRow + firstI + row, k);
      }
      if (k < end && firstJ + row < parameters.rightRows) {
        right = rightElement(parameters.rightRow + firstJ + row, k);
      }
      leftTile[row * pitch + thread.x] = left;
      rightTile[row * pitch + thread.x] = right;
    }
    workgroupBarrier();
    if (firstI + thread.y < parameters.leftRows) {
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
      recent += block;
    }
    steps++;
    if (steps % stepsPerSum == 0u) {
      sums += recent;
      recent = vec4<f32>();
    }
    workgroupBarrier();
  }
  sums += recent;
  for (var quarter = 0u; quarter < 4u; quarter++) {
    let i = firstI + thread.y + 16u * (quarter / 2u);
    let j = firstJ + thread.x + 16u * (quarter % 2u);
    if (i < parameters.leftRows && j < parameters.rightRows) {
      let pair = i * parameters.rightRows + j;
      let slot = parameters.slot + chunk;
      partials[slot * parameters.leftRows * parameters.rightRows + pair] = sums[quarter];
    }
  }
}
