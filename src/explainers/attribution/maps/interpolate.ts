import { sizeOf } from '../../../ndarray.js'

/**
 * Enlarges or reduces a map to other lengths of its axes. 'bilinear' interpolates between the centres of positions along each
 * axis, as image libraries do (half-pixel centres, edges repeated); 'nearest' takes the position that contains the centre.
 */
export function interpolate(
  map: Float64Array,
  shape: readonly number[],
  target: readonly number[],
  method: 'bilinear' | 'nearest',
): Float64Array {
  let values = map
  const current = [...shape]
  for (const [axis, length] of target.entries()) {
    values = alongAxis(values, current, axis, length, method)
    current[axis] = length
  }
  return values
}

function alongAxis(
  values: Float64Array,
  shape: readonly number[],
  axis: number,
  length: number,
  method: 'bilinear' | 'nearest',
): Float64Array {
  const own = shape[axis]!
  if (own === length) return values
  const outer = sizeOf(shape.slice(0, axis))
  const inner = sizeOf(shape.slice(axis + 1))
  const result = new Float64Array(outer * length * inner)
  for (let k = 0; k < length; k++) {
    const centre = ((k + 0.5) * own) / length
    const at = method === 'nearest' ? Math.floor(centre) : Math.max(0, centre - 0.5)
    const low = Math.min(own - 1, Math.floor(at))
    const high = method === 'nearest' ? low : Math.min(own - 1, low + 1)
    const share = at - low
    for (let o = 0; o < outer; o++) {
      const from = (o * own + low) * inner
      const next = (o * own + high) * inner
      const to = (o * length + k) * inner
      for (let i = 0; i < inner; i++) {
        result[to + i] = values[from + i]! + share * (values[next + i]! - values[from + i]!)
      }
    }
  }
  return result
}
