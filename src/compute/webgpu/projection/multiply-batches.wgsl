// to[batch, i, j] = Σ_l left[batch, i, l] right[batch, l, j], added to what `to` has if adds is 1;
// NaN in the rows of an example that is not finite.
// A workgroup takes a tile of 4·kThreads × 4·pThreads of one batch, a thread 4 × 4, in steps of
// 16 products.

struct Parameters {
  workgroupCount: u32,
  rowCount: u32,
  innerCount: u32,
  columnCount: u32,
  leftBatchStep: u32,
  leftRowStep: u32,
  leftColumnStep: u32,
  firstLeft: u32,
  rightBatchStep: u32,
  firstRight: u32,
  rowsPerExample: u32,
  adds: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read> right: array<f32>;
@group(0) @binding(3) var<storage, read> norms: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> to: array<u32>;

override kThreads: u32;
override pThreads: u32;

const step = 16u;

var<workgroup> leftTile: array<f32, kThreads * 4u * step>;
var<workgroup> rightTile: array<f32, pThreads * 4u * step>;

@compute @workgroup_size(pThreads, kThreads)
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
  let rowTile = kThreads * 4u;
  let columnTile = pThreads * 4u;
  let threads = kThreads * pThreads;
  let columnTiles = (parameters.columnCount + columnTile - 1u) / columnTile;
  let rowTiles = (parameters.rowCount + rowTile - 1u) / rowTile;
  let batch = group / (rowTiles * columnTiles);
  let firstRow = ((group / columnTiles) % rowTiles) * rowTile;
  let firstColumn = (group % columnTiles) * columnTile;
  let leftOffset = parameters.firstLeft + batch * parameters.leftBatchStep;
  let rightOffset = parameters.firstRight + batch * parameters.rightBatchStep;
  // Adjacent threads read adjacent numbers.
  let isRowMajor = parameters.leftColumnStep == 1u;

  var sums: array<vec4<f32>, 4>;
  for (var firstInner = 0u; firstInner < parameters.innerCount; firstInner += step) {
    for (var at = index; at < rowTile * step; at += threads) {
      let i = select(at % rowTile, at / step, isRowMajor);
      let l = select(at / rowTile, at % step, isRowMajor);
      var value = 0.0;
      if (firstRow + i < parameters.rowCount && firstInner + l < parameters.innerCount) {
        value = left[leftOffset + (firstRow + i) * parameters.leftRowStep
          + (firstInner + l) * parameters.leftColumnStep];
      }
      leftTile[l * rowTile + i] = value;
    }
    for (var at = index; at < columnTile * step; at += threads) {
      let j = firstColumn + at % columnTile;
      let l = firstInner + at / columnTile;
      var value = 0.0;
      if (j < parameters.columnCount && l < parameters.innerCount) {
        value = right[rightOffset + l * parameters.columnCount + j];
      }
      rightTile[at] = value;
    }
    workgroupBarrier();
    // Sums of 16 products are added up, not product by product: the error grows with the number of sums.
    // Zeros are written out: SwiftShader (Chromium 156) keeps the last round's values of an array declared without.
    var block = array<vec4<f32>, 4>();
    for (var l = 0u; l < step; l++) {
      let leftAt = l * rowTile + thread.y * 4u;
      let rightAt = l * columnTile + thread.x * 4u;
      let values = vec4(
        rightTile[rightAt], rightTile[rightAt + 1u], rightTile[rightAt + 2u], rightTile[rightAt + 3u],
      );
      block[0] += leftTile[leftAt] * values;
      block[1] += leftTile[leftAt + 1u] * values;
      block[2] += leftTile[leftAt + 2u] * values;
      block[3] += leftTile[leftAt + 3u] * values;
    }
    for (var k = 0u; k < 4u; k++) {
      sums[k] += block[k];
    }
    workgroupBarrier();
  }

  for (var k = 0u; k < 4u; k++) {
    let i = firstRow + thread.y * 4u + k;
    if (i >= parameters.rowCount) {
      continue;
    }
    let row = batch * parameters.rowCount + i;
    let isFinite = bitcast<i32>(norms[row / parameters.rowsPerExample].y) != nonFiniteExponent;
    for (var c = 0u; c < 4u; c++) {
      let j = firstColumn + thread.x * 4u + c;
      if (j >= parameters.columnCount) {
        continue;
      }
      let at = row * parameters.columnCount + j;
      var sum = sums[k][c];
      if (parameters.adds == 1u) {
        sum += bitcast<f32>(to[at]);
      }
      to[at] = select(nanBits, bitcast<u32>(sum), isFinite);
    }
  }
}
