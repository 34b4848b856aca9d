// partials[chunk, row] = Σ_k left[row, k] right[row, k] over a chunk of k.
// A workgroup of 64 threads takes one row and one chunk; a thread takes every 64th number.

struct Parameters {
  workgroupCount: u32,
  exampleCount: u32,
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

/// Products that are summed before they are added to the total: the error grows with the number of
/// sums, not of products.
const productsPerSum = 64u;

var<workgroup> sums: array<f32, 64>;

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
  let row = group % parameters.exampleCount;
  let chunk = group / parameters.exampleCount;
  let first = chunk * parameters.chunkLength;
  let end = min(first + parameters.chunkLength, parameters.size);
  var sum = 0.0;
  var recent = 0.0;
  var products = 0u;
  for (var k = first + thread; k < end; k += 64u) {
    recent += leftElement(row, k) * rightElement(row, k);
    products++;
    if (products % productsPerSum == 0u) {
      sum += recent;
      recent = 0.0;
    }
  }
  sums[thread] = sum + recent;
  // Threads that had no number upload zeros, which need not be added.
  let filled = min(64u, end - first);
  var half = select(1u << firstLeadingBit(filled - 1u), 0u, filled <= 1u);
  for (; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      sums[thread] += sums[thread + half];
    }
  }
  if (thread == 0u) {
    partials[(parameters.slot + chunk) * parameters.exampleCount + row] = sums[0];
  }
}
