// norms[row] = (m, E + base[row].E): the norms of numbers that were scaled by 2^-base[row].E before.
// A row that was not finite before stays so.
// A thread takes one row.

struct Parameters {
  workgroupCount: u32,
  exampleCount: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> base: array<vec2<i32>>;
@group(0) @binding(2) var<storage, read_write> norms: array<vec2<i32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = groupIndex(id, grid) * 64u + thread;
  if (row >= parameters.exampleCount) {
    return;
  }
  let before = base[row].y;
  let own = norms[row].y;
  let isFinite = before != nonFiniteExponent && own != nonFiniteExponent;
  norms[row].y = select(nonFiniteExponent, before + own, isFinite);
}
