// to[side, toRow + row, c] = from[side, fromRow + row, c] for c < width.
// Copies both sides of a ranking. A thread takes one pair.

struct Parameters {
  workgroupCount: u32,
  width: u32,
  exampleCount: u32,
  fromRow: u32,
  fromRows: u32,
  fromColumns: u32,
  toRow: u32,
  toRows: u32,
  toColumns: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> source: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> to: array<vec2<u32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = groupIndex(id, grid) * 64u + thread;
  let column = at % parameters.width;
  let row = at / parameters.width % parameters.exampleCount;
  let side = at / parameters.width / parameters.exampleCount;
  if (side > 1u) {
    return;
  }
  let start = (side * parameters.fromRows + parameters.fromRow + row) * parameters.fromColumns;
  let goal = (side * parameters.toRows + parameters.toRow + row) * parameters.toColumns;
  to[goal + column] = source[start + column];
}
