// Sorts each block of 1,024 pairs of a row with a bitonic network. With isMerge, it only runs
// the last steps of a larger network, those within blocks. A workgroup of 256 threads takes one block.

struct Parameters {
  workgroupCount: u32,
  columns: u32,
  /// From this row on the least similar come first.
  leastFrom: u32,
  /// 1: only the steps that finish a larger network.
  isMerge: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read_write> pairs: array<vec2<u32>>;

const blockSize = 1024u;

var<workgroup> block: array<vec2<u32>, blockSize>;

/// A comparator: the pair that comes first goes to the lower place. Places past the row's end have no
/// pair, which comes last.
fn order(low: u32, high: u32, count: u32, isLeast: bool) {
  if (high >= count) {
    return;
  }
  let a = block[low];
  let b = block[high];
  if (precedes(b, a, isLeast)) {
    block[low] = b;
    block[high] = a;
  }
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let group = groupIndex(id, grid);
  if (group >= parameters.workgroupCount) {
    return;
  }
  let blocks = (parameters.columns + blockSize - 1u) / blockSize;
  let row = group / blocks;
  let start = (group % blocks) * blockSize;
  let count = min(blockSize, parameters.columns - start);
  let offset = row * parameters.columns + start;
  let isLeast = row >= parameters.leastFrom;
  for (var k = thread; k < count; k += 256u) {
    block[k] = pairs[offset + k];
  }
  workgroupBarrier();
  // No step of a larger network is needed than one that holds all the pairs.
  let last = min(blockSize, 2u << firstLeadingBit(max(count, 2u) - 1u));
  var height = select(2u, last, parameters.isMerge == 1u);
  for (; height <= last; height *= 2u) {
    if (parameters.isMerge == 0u) {
      for (var comparator = thread; comparator < blockSize / 2u; comparator += 256u) {
        let k = comparator % (height / 2u);
        let base = comparator / (height / 2u) * height;
        order(base + k, base + height - 1u - k, count, isLeast);
      }
      workgroupBarrier();
    }
    var stride = select(height / 4u, height / 2u, parameters.isMerge == 1u);
    for (; stride > 0u; stride /= 2u) {
      for (var comparator = thread; comparator < blockSize / 2u; comparator += 256u) {
        let low = comparator / stride * stride * 2u + comparator % stride;
        order(low, low + stride, count, isLeast);
      }
      workgroupBarrier();
    }
  }
  for (var k = thread; k < count; k += 256u) {
    pairs[offset + k] = block[k];
  }
}
