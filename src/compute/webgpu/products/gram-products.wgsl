// partials[chunk, pair] = Σ_{t,s} (a_t · a'_s)(δ_t · δ'_s) over a chunk of t.
// For lookups, [index_t = index'_s] or a'_s[index_t] takes the place of a_t · a'_s.
// A workgroup takes one pair and one chunk. Its 8 × 8 threads take 8 × 8 positions at a time,
// in steps of 16 numbers.

struct Parameters {
  workgroupCount: u32,
  leftRow: u32,
  rightRow: u32,
  rightRows: u32,
  pairCount: u32,
  /// 1: pair k is row k of the left with row k of the right side; 0: every row with every row.
  isDiagonal: u32,
  chunkLength: u32,
  slot: u32,
  leftKind: u32,
  rightKind: u32,
  leftPositions: u32,
  rightPositions: u32,
  inputSize: u32,
  outputSize: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> leftFirst: array<u32>;
@group(0) @binding(2) var<storage, read> leftSecond: array<f32>;
@group(0) @binding(3) var<storage, read> rightFirst: array<u32>;
@group(0) @binding(4) var<storage, read> rightSecond: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<f32>;

const tile = 8u;
const step = 16u;
/// The length of a row of a tile in shared memory: one more than needed, so that neighbours are in
/// different banks.
const pitch = 17u;

var<workgroup> leftTile: array<f32, tile * pitch>;
var<workgroup> rightTile: array<f32, tile * pitch>;
var<workgroup> sums: array<f32, tile * tile>;

/// a_t · a'_s of one pair of positions where one of the two is an index, which stands for a one-hot a.
fn lookedUp(t: u32, s: u32) -> f32 {
  if (parameters.leftKind == lookupKind && parameters.rightKind == lookupKind) {
    return select(0.0, 1.0, leftFirst[t] == rightFirst[s]);
  }
  if (parameters.leftKind == lookupKind) {
    return bitcast<f32>(rightFirst[s * parameters.inputSize + leftFirst[t]]);
  }
  return bitcast<f32>(leftFirst[t * parameters.inputSize + rightFirst[s]]);
}

@compute @workgroup_size(tile, tile)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_id) thread: vec3<u32>,
  @builtin(local_invocation_index) index: u32,
) {
  let group = groupIndex(id, grid);
  if (group >= parameters.workgroupCount) {
    return;
  }
  let pair = group % parameters.pairCount;
  let chunk = group / parameters.pairCount;
  var i = pair;
  var j = pair;
  if (parameters.isDiagonal == 0u) {
    i = pair / parameters.rightRows;
    j = pair % parameters.rightRows;
  }
  let leftStart = (parameters.leftRow + i) * parameters.leftPositions;
  let rightStart = (parameters.rightRow + j) * parameters.rightPositions;
  let firstT = chunk * parameters.chunkLength;
  let endT = min(firstT + parameters.chunkLength, parameters.leftPositions);

  var sum = 0.0;
  for (var tileT = firstT; tileT < endT; tileT += tile) {
    var recent = 0.0;
    for (var tileS = 0u; tileS < parameters.rightPositions; tileS += tile) {
      let t = tileT + thread.y;
      let s = tileS + thread.x;
      let isInside = t < endT && s < parameters.rightPositions;
      var product = 0.0;
      for (var factor = 0u; factor < 2u; factor++) {
        if (factor == 0u && (parameters.leftKind == lookupKind || parameters.rightKind == lookupKind)) {
          if (isInside) {
            product = lookedUp(leftStart + t, rightStart + s);
          }
          continue;
        }
        let size = select(parameters.inputSize, parameters.outputSize, factor == 1u);
        var dot = 0.0;
        for (var at = 0u; at < size; at += step) {
          for (var half = 0u; half < step; half += tile) {
            let k = at + half + thread.x;
            var left = 0.0;
            var right = 0.0;
            if (k < size && t < endT) {
              let leftAt = (leftStart + t) * size + k;
              if (factor == 0u) {
                left = bitcast<f32>(leftFirst[leftAt]);
              } else {
                left = leftSecond[leftAt];
              }
            }
            if (k < size && tileS + thread.y < parameters.rightPositions) {
              let rightAt = (rightStart + tileS + thread.y) * size + k;
              if (factor == 0u) {
                right = bitcast<f32>(rightFirst[rightAt]);
              } else {
                right = rightSecond[rightAt];
              }
            }
            leftTile[thread.y * pitch + half + thread.x] = left;
            rightTile[thread.y * pitch + half + thread.x] = right;
          }
          workgroupBarrier();
          if (isInside) {
            var block = 0.0;
            for (var n = 0u; n < step; n++) {
              block += leftTile[thread.y * pitch + n] * rightTile[thread.x * pitch + n];
            }
            dot += block;
          }
          workgroupBarrier();
        }
        product = select(product * dot, dot, factor == 0u);
      }
      recent += product;
    }
    sum += recent;
  }
  sums[index] = sum;
  for (var half = tile * tile / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (index < half) {
      sums[index] += sums[index + half];
    }
  }
  if (index == 0u) {
    partials[(parameters.slot + chunk) * parameters.pairCount + pair] = sums[0];
  }
}
