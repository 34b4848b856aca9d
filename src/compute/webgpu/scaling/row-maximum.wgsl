// maxima[slot, row] = max_k |x[row, k]| as bits.
// A workgroup of 64 threads takes 4,096 numbers of one row; a thread takes every 64th.

struct Parameters {
  workgroupCount: u32,
  exampleCount: u32,
  rowSize: u32,
  first: u32,
  slot: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> maxima: array<atomic<u32>>;

const stretch = 4096u;

var<workgroup> largest: atomic<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let group = groupIndex(id, grid);
  if (group >= parameters.workgroupCount) {
    return;
  }
  let stretches = (parameters.rowSize + stretch - 1u) / stretch;
  let row = group / stretches;
  let start = (group % stretches) * stretch;
  let end = min(start + stretch, parameters.rowSize);
  let offset = parameters.first + row * parameters.rowSize;
  var own = 0u;
  for (var k = start + thread; k < end; k += 64u) {
    own = max(own, x[offset + k] & magnitudeMask);
  }
  atomicMax(&largest, own);
  workgroupBarrier();
  if (thread == 0u) {
    atomicMax(&maxima[parameters.slot * parameters.exampleCount + row], atomicLoad(&largest));
  }
}
