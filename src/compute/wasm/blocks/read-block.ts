import type { CompactBlock, CompactSegment } from '../../../gradients/block.js'
import type { PlacedBlock, PlacedSegment } from './block-placement.js'
import type { WasmInstance } from '../instance.js'
import { bytesPerFloat64, bytesPerFloat32 } from '../../../gradients/numbers/byte-sizes.js'

/** Copies a block into JavaScript's memory, each example as it was before scaling. */
export function readBlock(instance: WasmInstance, placed: PlacedBlock): CompactBlock {
  const { exampleCount, segments } = placed
  return {
    exampleCount,
    segments: segments.map((segment) => readSegment(instance, placed, segment)),
  }
}

function readSegment(
  instance: WasmInstance,
  { address, exampleCount }: PlacedBlock,
  segment: PlacedSegment,
): CompactSegment {
  const { parameter } = segment
  const scales = instance.doubles.subarray((address + segment.scales) / bytesPerFloat64)
  const read = (at: number, step: number, size: number, perRow: number): Float32Array =>
    readRows(instance, address + at, step, size, exampleCount * perRow)
  switch (segment.kind) {
    case 'dense': {
      const { size } = segment
      const values = unscaleInPlace(read(segment.values, segment.valuesStep, size, 1), size, scales)
      return { kind: 'dense', parameter, size, values }
    }
    case 'factored': {
      const { positions, inputSize, outputSize } = segment
      // The scale is that of the product of the two.
      const delta = read(segment.delta, segment.deltaStep, outputSize, positions)
      return {
        ...{ kind: 'factored', parameter, positions, inputSize, outputSize },
        a: read(segment.a, segment.aStep, inputSize, positions),
        delta: unscaleInPlace(delta, positions * outputSize, scales),
      }
    }
    case 'lookup': {
      const { positions, rowSize, parameterRows } = segment
      const start = (address + segment.indices) / bytesPerFloat32
      const delta = read(segment.delta, segment.deltaStep, rowSize, positions)
      return {
        ...{ kind: 'lookup', parameter, positions, rowSize, parameterRows },
        indices: instance.integers.slice(start, start + exampleCount * positions),
        delta: unscaleInPlace(delta, positions * rowSize, scales),
      }
    }
  }
}

/** Copies `count` rows of `size` numbers that are `step` bytes apart. */
function readRows(
  { floats }: WasmInstance,
  address: number,
  step: number,
  size: number,
  count: number,
): Float32Array {
  const numbers = new Float32Array(count * size)
  for (let row = 0; row < count; row++) {
    const start = (address + row * step) / bytesPerFloat32
    numbers.set(floats.subarray(start, start + size), row * size)
  }
  return numbers
}

/** Multiplies each example, of `size` numbers, by the power of two that it was divided by. */
function unscaleInPlace(numbers: Float32Array, size: number, scales: Float64Array): Float32Array {
  for (let at = 0; at < numbers.length; at++) numbers[at]! *= scales[Math.floor(at / size)]!
  return numbers
}
