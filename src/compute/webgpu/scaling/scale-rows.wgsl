// to[row, k] = from[row, k] · 2^shifts[slot, row]; `inPlace` scales the numbers of `to`.
// A workgroup of 256 threads takes 1,024 numbers; a thread takes every 256th.

struct Parameters {
  workgroupCount: u32,
  exampleCount: u32,
  rowSize: u32,
  first: u32,
  slot: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> shifts: array<i32>;
@group(0) @binding(2) var<storage, read_write> to: array<u32>;
@group(0) @binding(3) var<storage, read> source: array<u32>;

const stretch = 1024u;

fn shiftAt(at: u32) -> i32 {
  return shifts[parameters.slot * parameters.exampleCount + at / parameters.rowSize];
}

@compute @workgroup_size(256)
fn copy(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let start = groupIndex(id, grid) * stretch;
  let end = min(start + stretch, parameters.exampleCount * parameters.rowSize);
  for (var at = start + thread; at < end; at += 256u) {
    to[at] = scaledBits(source[parameters.first + at], shiftAt(at));
  }
}

@compute @workgroup_size(256)
fn inPlace(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) grid: vec3<u32>,
  @builtin(local_invocation_index) thread: u32,
) {
  let start = groupIndex(id, grid) * stretch;
  let end = min(start + stretch, parameters.exampleCount * parameters.rowSize);
  for (var at = start + thread; at < end; at += 256u) {
    to[at] = scaledBits(to[at], shiftAt(at));
  }
}
