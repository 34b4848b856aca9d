// precedes(a, b, isLeast) orders pairs of (score as bits, 1 + index); 0 means no pair.
// Scores descend, ties by ascending index, −0 equal to 0; the least similar come in reverse.
// Scores that are not finite follow by index, and after them the places without a pair.
// No entry point.

fn precedes(a: vec2<u32>, b: vec2<u32>, isLeast: bool) -> bool {
  let aClass = classOf(a);
  let bClass = classOf(b);
  if (aClass != bClass) {
    return aClass < bClass;
  }
  if (aClass > 0u) {
    return a.y < b.y;
  }
  let aKey = ascendingKey(a.x);
  let bKey = ascendingKey(b.x);
  if (aKey != bKey) {
    return (aKey < bKey) == isLeast;
  }
  return a.y != b.y && (a.y > b.y) == isLeast;
}

fn classOf(pair: vec2<u32>) -> u32 {
  if (pair.y == 0u) {
    return 2u;
  }
  return select(0u, 1u, isNonFinite(pair.x));
}

/// An integer that is larger the larger the number is.
fn ascendingKey(bits: u32) -> u32 {
  if ((bits & magnitudeMask) == 0u) {
    return 0x80000000u;
  }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}
