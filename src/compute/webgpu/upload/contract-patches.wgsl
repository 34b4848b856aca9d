// values[row, k, p] = Σ_t 2^-e patch[row, t, k] δ[row, t, p], and the row's max |values|.
// Patches are read from the image; 2^e is the magnitude of the row's largest numbers.
// A workgroup takes a tile of 4·kThreads × 4·pThreads of one row, a thread 4 × 4, in steps of
// 16 positions.

struct Parameters {
  workgroupCount: u32,
  exampleCount: u32,
  firstImage: u32,
  firstDelta: u32,
  imageSlot: u32,
  deltaSlot: u32,
  valuesSlot: u32,
  inHeight: u32,
  inWidth: u32,
  inChannels: u32,
  filterHeight: u32,
  filterWidth: u32,
  outHeight: u32,
  outWidth: u32,
  outChannels: u32,
  strideHeight: u32,
  strideWidth: u32,
  dilationHeight: u32,
  dilationWidth: u32,
  padTop: u32,
  padLeft: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> image: array<f32>;
@group(0) @binding(2) var<storage, read> delta: array<f32>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;
@group(0) @binding(4) var<storage, read_write> maxima: array<atomic<u32>>;

override kThreads: u32;
override pThreads: u32;

const step = 16u;

var<workgroup> patchTile: array<f32, kThreads * 4u * step>;
var<workgroup> deltaTile: array<f32, pThreads * 4u * step>;
var<workgroup> largest: atomic<u32>;

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
  let kTile = kThreads * 4u;
  let pTile = pThreads * 4u;
  let threads = kThreads * pThreads;
  let patchSize = parameters.filterHeight * parameters.filterWidth * parameters.inChannels;
  let positions = parameters.outHeight * parameters.outWidth;
  let pTiles = (parameters.outChannels + pTile - 1u) / pTile;
  let kTiles = (patchSize + kTile - 1u) / kTile;
  let row = group / (kTiles * pTiles);
  let firstK = ((group / pTiles) % kTiles) * kTile;
  let firstP = (group % pTiles) * pTile;
  let imageOffset = parameters.firstImage
    + row * parameters.inHeight * parameters.inWidth * parameters.inChannels;
  let deltaOffset = parameters.firstDelta + row * positions * parameters.outChannels;
  let imageScale =
    powerOfTwo(-exponentOf(atomicLoad(&maxima[parameters.imageSlot * parameters.exampleCount + row])));
  let deltaScale =
    powerOfTwo(-exponentOf(atomicLoad(&maxima[parameters.deltaSlot * parameters.exampleCount + row])));

  var sums: array<vec4<f32>, 4>;
  for (var firstT = 0u; firstT < positions; firstT += step) {
    for (var at = index; at < kTile * step; at += threads) {
      let k = firstK + at % kTile;
      let t = firstT + at / kTile;
      var value = 0.0;
      if (k < patchSize && t < positions) {
        let tap = k / parameters.inChannels;
        let y = (t / parameters.outWidth) * parameters.strideHeight
          + (tap / parameters.filterWidth) * parameters.dilationHeight - parameters.padTop;
        let x = (t % parameters.outWidth) * parameters.strideWidth
          + (tap % parameters.filterWidth) * parameters.dilationWidth - parameters.padLeft;
        // What lies before the image has wrapped to a large number.
        if (y < parameters.inHeight && x < parameters.inWidth) {
          let pixel = (y * parameters.inWidth + x) * parameters.inChannels;
          value = image[imageOffset + pixel + k % parameters.inChannels] * imageScale;
        }
      }
      patchTile[at] = value;
    }
    for (var at = index; at < pTile * step; at += threads) {
      let p = firstP + at % pTile;
      let t = firstT + at / pTile;
      var value = 0.0;
      if (p < parameters.outChannels && t < positions) {
        value = delta[deltaOffset + t * parameters.outChannels + p] * deltaScale;
      }
      deltaTile[at] = value;
    }
    workgroupBarrier();
    // Sums of 16 products are added up, not product by product: the error grows with the number of sums.
    // Zeros are written out: SwiftShader (Chromium 156) keeps the last round's values of an array declared without.
    var block = array<vec4<f32>, 4>();
    for (var t = 0u; t < step; t++) {
      let kAt = t * kTile + thread.y * 4u;
      let pAt = t * pTile + thread.x * 4u;
      let deltas =
        vec4(deltaTile[pAt], deltaTile[pAt + 1u], deltaTile[pAt + 2u], deltaTile[pAt + 3u]);
      block[0] += patchTile[kAt] * deltas;
      block[1] += patchTile[kAt + 1u] * deltas;
      block[2] += patchTile[kAt + 2u] * deltas;
      block[3] += patchTile[kAt + 3u] * deltas;
    }
    for (var k = 0u; k < 4u; k++) {
      sums[k] += block[k];
    }
    workgroupBarrier();
  }

  var own = 0u;
  for (var i = 0u; i < 4u; i++) {
    let k = firstK + thread.y * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      let p = firstP + thread.x * 4u + j;
      if (k < patchSize && p < parameters.outChannels) {
        let value = sums[i][j];
        values[(row * patchSize + k) * parameters.outChannels + p] = value;
        own = max(own, bitcast<u32>(value) & magnitudeMask);
      }
    }
  }
  atomicMax(&largest, own);
  workgroupBarrier();
  if (index == 0u) {
    atomicMax(&maxima[parameters.valuesSlot * parameters.exampleCount + row], atomicLoad(&largest));
  }
}
