// to[t, k] = matrix[indices[t] - firstRow, k], for the indices from firstRow to firstRow + rowCount - 1.
// A workgroup of 256 threads takes 1,024 numbers; a thread takes every 256th.

struct Parameters {
  workgroupCount: u32,
  indexCount: u32,
  columnCount: u32,
  firstRow: u32,
  rowCount: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> matrix: array<f32>;
@group(0) @binding(3) var<storage, read_write> to: array<f32>;

const stretch = 1024u;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let start = groupIndex(id, grid) * stretch;
  let end = min(start + stretch, parameters.indexCount * parameters.columnCount);
  for (var at = start + thread; at < end; at += 256u) {
    // An index before the part wraps to a large number.
    let row = indices[at / parameters.columnCount] - parameters.firstRow;
    if (row < parameters.rowCount) {
      to[at] = matrix[row * parameters.columnCount + at % parameters.columnCount];
    }
  }
}
