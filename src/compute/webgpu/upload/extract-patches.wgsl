// patches[row, t, k] = 2^shifts[slot, row] · image[row, the pixel that tap k meets at position t],
// zero on the padding.
// A workgroup of 256 threads takes 1,024 numbers; a thread takes every 256th.

struct Parameters {
  workgroupCount: u32,
  exampleCount: u32,
  first: u32,
  slot: u32,
  inHeight: u32,
  inWidth: u32,
  inChannels: u32,
  filterHeight: u32,
  filterWidth: u32,
  outHeight: u32,
  outWidth: u32,
  strideHeight: u32,
  strideWidth: u32,
  dilationHeight: u32,
  dilationWidth: u32,
  padTop: u32,
  padLeft: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> image: array<u32>;
@group(0) @binding(2) var<storage, read> shifts: array<i32>;
@group(0) @binding(3) var<storage, read_write> patches: array<u32>;

const stretch = 1024u;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let patchSize = parameters.filterHeight * parameters.filterWidth * parameters.inChannels;
  let positions = parameters.outHeight * parameters.outWidth;
  let imageSize = parameters.inHeight * parameters.inWidth * parameters.inChannels;
  let start = groupIndex(id, grid) * stretch;
  let end = min(start + stretch, parameters.exampleCount * positions * patchSize);
  for (var at = start + thread; at < end; at += 256u) {
    let k = at % patchSize;
    let t = (at / patchSize) % positions;
    let row = at / patchSize / positions;
    let tap = k / parameters.inChannels;
    let y = (t / parameters.outWidth) * parameters.strideHeight
      + (tap / parameters.filterWidth) * parameters.dilationHeight - parameters.padTop;
    let x = (t % parameters.outWidth) * parameters.strideWidth
      + (tap % parameters.filterWidth) * parameters.dilationWidth - parameters.padLeft;
    var bits = 0u;
    // What lies before the image has wrapped to a large number.
    if (y < parameters.inHeight && x < parameters.inWidth) {
      let pixel = (y * parameters.inWidth + x) * parameters.inChannels + k % parameters.inChannels;
      bits = image[parameters.first + row * imageSize + pixel];
    }
    patches[at] = scaledBits(bits, shifts[parameters.slot * parameters.exampleCount + row]);
  }
}
