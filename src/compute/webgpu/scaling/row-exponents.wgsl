// exponents[row] = E, the largest exponent over all segments of the row, and shifts[slot, row],
// the power of two that scales each array so that the row becomes g · 2^-E.
// A thread takes one row.

struct Parameters {
  workgroupCount: u32,
  exampleCount: u32,
  segmentCount: u32,
}

/// Slots of maxima, or -1: of the arrays that were scaled to 1 and contracted, and of those that are kept.
struct Segment {
  contractedFirst: i32,
  contractedSecond: i32,
  outFirst: i32,
  outSecond: i32,
}

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> segments: array<Segment>;
@group(0) @binding(2) var<storage, read> maxima: array<u32>;
@group(0) @binding(3) var<storage, read_write> shifts: array<i32>;
@group(0) @binding(4) var<storage, read_write> exponents: array<i32>;

fn maximum(slot: i32, row: u32) -> u32 {
  return maxima[u32(slot) * parameters.exampleCount + row];
}

/// That of one array's numbers; 0 where there is no array, or nothing but zeros.
fn exponentIn(slot: i32, row: u32) -> i32 {
  if (slot < 0) {
    return 0;
  }
  let bits = maximum(slot, row);
  return select(exponentOf(bits), 0, bits == 0u);
}

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
  const none = -0x10000;
  var largest = none;
  var isFinite = true;
  for (var s = 0u; s < parameters.segmentCount; s++) {
    let segment = segments[s];
    let slots = array(
      segment.contractedFirst, segment.contractedSecond, segment.outFirst, segment.outSecond,
    );
    var exponent = 0;
    var isZero = false;
    for (var k = 0; k < 4; k++) {
      if (slots[k] < 0) {
        continue;
      }
      let bits = maximum(slots[k], row);
      isFinite = isFinite && !isNonFinite(bits);
      isZero = isZero || bits == 0u;
      exponent += exponentIn(slots[k], row);
    }
    if (!isZero) {
      largest = max(largest, exponent);
    }
  }
  if (largest == none) {
    largest = 0;
  }
  exponents[row] = select(nonFiniteExponent, largest, isFinite);
  for (var s = 0u; s < parameters.segmentCount; s++) {
    let segment = segments[s];
    let first = exponentIn(segment.outFirst, row);
    if (segment.outSecond < 0) {
      let contracted = exponentIn(segment.contractedFirst, row)
        + exponentIn(segment.contractedSecond, row);
      shifts[u32(segment.outFirst) * parameters.exampleCount + row] = contracted - largest;
      continue;
    }
    // The first factor is brought to 1, and the second one carries the rest.
    var second = first - largest;
    if (segment.outFirst >= 0) {
      shifts[u32(segment.outFirst) * parameters.exampleCount + row] = -first;
      // The factor of nothing but zeros would carry nothing: the other one must stay finite by itself.
      if (maximum(segment.outFirst, row) == 0u) {
        second = -exponentIn(segment.outSecond, row);
      }
    }
    shifts[u32(segment.outSecond) * parameters.exampleCount + row] = second;
  }
}
