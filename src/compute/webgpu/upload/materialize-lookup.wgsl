// values[row, v, c] = Σ_t [index[row, t] = v] 2^-e δ[row, t, c], and the row's max |values|.
// 2^e is the magnitude of the row's largest δ.
// A workgroup of 256 threads takes 1,024 numbers of one row; a thread takes every 256th.

struct Parameters {
  workgroupCount: u32,
  exampleCount: u32,
  firstIndex: u32,
  firstDelta: u32,
  deltaSlot: u32,
  valuesSlot: u32,
  positions: u32,
  rowSize: u32,
  parameterRows: u32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> delta: array<f32>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;
@group(0) @binding(4) var<storage, read_write> maxima: array<atomic<u32>>;

const stretch = 1024u;

var<workgroup> largest: atomic<u32>;

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
  let size = parameters.parameterRows * parameters.rowSize;
  let stretches = (size + stretch - 1u) / stretch;
  let row = group / stretches;
  let start = (group % stretches) * stretch;
  let scale =
    powerOfTwo(-exponentOf(atomicLoad(&maxima[parameters.deltaSlot * parameters.exampleCount + row])));
  var own = 0u;
  for (var k = start + thread; k < min(start + stretch, size); k += 256u) {
    let v = k / parameters.rowSize;
    let c = k % parameters.rowSize;
    var sum = 0.0;
    for (var t = row * parameters.positions; t < (row + 1u) * parameters.positions; t++) {
      if (indices[parameters.firstIndex + t] == v) {
        sum += delta[parameters.firstDelta + t * parameters.rowSize + c] * scale;
      }
    }
    values[row * size + k] = sum;
    own = max(own, bitcast<u32>(sum) & magnitudeMask);
  }
  atomicMax(&largest, own);
  workgroupBarrier();
  if (thread == 0u) {
    atomicMax(&maxima[parameters.valuesSlot * parameters.exampleCount + row], atomicLoad(&largest));
  }
}
