// sumOfSlots(at, stride, count) = Σ_slot partials[slot · stride + at], in sums of 16.
// No entry point.

fn sumOfSlots(at: u32, stride: u32, count: u32) -> f32 {
  var sum = 0.0;
  for (var first = 0u; first < count; first += 16u) {
    var recent = 0.0;
    for (var slot = first; slot < min(first + 16u, count); slot++) {
      recent += partials[slot * stride + at];
    }
    sum += recent;
  }
  return sum;
}
