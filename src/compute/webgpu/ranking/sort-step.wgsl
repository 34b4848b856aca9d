// One step of a bitonic network over rows of pairs, for places further apart than a block.
// The two places of a flip mirror each other within 2 · `stride`; other places are `stride` apart.
// A thread takes one comparator.

struct Parameters {
  workgroupCount: u32,
  columns: u32,
  exampleCount: u32,
  /// From this row on the least similar come first.
  leastFrom: u32,
  comparators: u32,
  stride: u32,
  isFlip: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read_write> pairs: array<vec2<u32>>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = groupIndex(id, grid) * 256u + thread;
  let row = at / parameters.comparators;
  let comparator = at % parameters.comparators;
  let base = comparator / parameters.stride * parameters.stride * 2u;
  let k = comparator % parameters.stride;
  let low = base + k;
  let high = select(low + parameters.stride, base + 2u * parameters.stride - 1u - k, parameters.isFlip == 1u);
  if (row >= parameters.exampleCount || high >= parameters.columns) {
    return;
  }
  let offset = row * parameters.columns;
  let a = pairs[offset + low];
  let b = pairs[offset + high];
  if (precedes(b, a, row >= parameters.leastFrom)) {
    pairs[offset + low] = b;
    pairs[offset + high] = a;
  }
}
