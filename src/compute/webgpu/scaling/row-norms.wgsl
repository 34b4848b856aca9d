// norms[row] = (m, E) with ‖g‖² = m · 2^2E, m = Σ_slot partials[slot, row].
// A thread takes one row.

struct Parameters {
  workgroupCount: u32,
  exampleCount: u32,
  slotCount: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read> exponents: array<i32>;
@group(0) @binding(3) var<storage, read_write> norms: array<vec2<u32>>;

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
  let sum = sumOfSlots(row, parameters.exampleCount, parameters.slotCount);
  norms[row] = vec2(bitcast<u32>(sum), bitcast<u32>(exponents[row]));
}
