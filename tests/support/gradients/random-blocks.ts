import fc from 'fast-check'
import type { ConvolutionGeometry, GradientBlock, GradientSegment } from 'gradlens'
import { seededRandom, uniform } from '../random.js'

/** A segment without its numbers and its parameter's name. */
export type SegmentShape =
  | { kind: 'dense'; size: number }
  | { kind: 'factored'; positions: number; inputSize: number; outputSize: number }
  | { kind: 'lookup'; positions: number; rowSize: number; parameterRows: number }
  | { kind: 'convolution'; geometry: ConvolutionGeometry }

const small = fc.integer({ min: 1, max: 9 })
const positions = fc.integer({ min: 1, max: 4 })
const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max })
const padding = fc.integer({ min: 0, max: 2 })

const convolution = fc
  .record({
    inHeight: upTo(6),
    inWidth: upTo(6),
    inChannels: upTo(3),
    outChannels: upTo(21),
    filterHeight: upTo(3),
    filterWidth: upTo(3),
    strideHeight: upTo(3),
    strideWidth: upTo(3),
    dilationHeight: upTo(2),
    dilationWidth: upTo(2),
    padTop: padding,
    padLeft: padding,
    padBottom: padding,
    padRight: padding,
  })
  .map(({ padBottom, padRight, ...shape }): ConvolutionGeometry => {
    const { filterHeight, filterWidth, strideHeight, strideWidth } = shape
    const spanHeight = shape.dilationHeight * (filterHeight - 1) + 1
    const spanWidth = shape.dilationWidth * (filterWidth - 1) + 1
    const restHeight = shape.inHeight + shape.padTop + padBottom - spanHeight
    const restWidth = shape.inWidth + shape.padLeft + padRight - spanWidth
    return {
      ...shape,
      outHeight: Math.floor(restHeight / strideHeight) + 1,
      outWidth: Math.floor(restWidth / strideWidth) + 1,
    }
  })
  .filter(({ outHeight, outWidth }) => outHeight > 0 && outWidth > 0)
  .map((geometry) => ({ kind: 'convolution' as const, geometry }))

/** The segments of a block, each of a different parameter. */
export const segmentShapes: fc.Arbitrary<SegmentShape[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('dense' as const), size: upTo(70) }),
    fc.record({
      kind: fc.constant('factored' as const),
      positions,
      inputSize: small,
      outputSize: small,
    }),
    fc.record({
      kind: fc.constant('lookup' as const),
      positions,
      rowSize: small,
      parameterRows: small,
    }),
    convolution,
  ),
  { minLength: 1, maxLength: 4 },
)

/** Numbers of [−1, 1) times `magnitude` in segments of these shapes, of the parameters θ0, θ1, … */
export function randomBlock(
  shapes: readonly SegmentShape[],
  exampleCount: number,
  seed: number,
  magnitude = 1,
): GradientBlock {
  const random = seededRandom(seed)
  const numbers = (perRow: number): Float32Array =>
    uniform(random, exampleCount * perRow, [-magnitude, magnitude])
  const segments = shapes.map((shape, k): GradientSegment => {
    const parameter = `θ${k}`
    switch (shape.kind) {
      case 'dense':
        return { ...shape, parameter, values: numbers(shape.size) }
      case 'factored': {
        const a = numbers(shape.positions * shape.inputSize)
        return { ...shape, parameter, a, delta: numbers(shape.positions * shape.outputSize) }
      }
      case 'lookup': {
        const indices = Int32Array.from({ length: exampleCount * shape.positions }, () =>
          Math.floor(random() * shape.parameterRows),
        )
        return { ...shape, parameter, indices, delta: numbers(shape.positions * shape.rowSize) }
      }
      case 'convolution': {
        const g = shape.geometry
        const a = numbers(g.inHeight * g.inWidth * g.inChannels)
        return { ...shape, parameter, a, delta: numbers(g.outHeight * g.outWidth * g.outChannels) }
      }
    }
  })
  return { exampleCount, segments }
}

/** The same segments, as uses of one parameter. */
export function asOneParameter({ exampleCount, segments }: GradientBlock): GradientBlock {
  return {
    exampleCount,
    segments: segments.map((segment) => ({ ...segment, parameter: 'shared' })),
  }
}

/** Some rows of a block, in new arrays. */
export function sliceBlock(block: GradientBlock, start: number, end: number): GradientBlock {
  const cut = <Numbers extends Float32Array | Int32Array>(numbers: Numbers): Numbers => {
    const perRow = numbers.length / block.exampleCount
    return numbers.slice(start * perRow, end * perRow) as Numbers
  }
  const segments = block.segments.map((segment): GradientSegment => {
    switch (segment.kind) {
      case 'dense':
        return { ...segment, values: cut(segment.values) }
      case 'lookup':
        return { ...segment, indices: cut(segment.indices), delta: cut(segment.delta) }
      default:
        return { ...segment, a: cut(segment.a), delta: cut(segment.delta) }
    }
  })
  return { exampleCount: end - start, segments }
}

/** The part that must be equal for all uses of one parameter. */
export function parameterSize(shape: SegmentShape): number {
  switch (shape.kind) {
    case 'dense':
      return shape.size
    case 'factored':
      return shape.inputSize * shape.outputSize
    case 'lookup':
      return shape.parameterRows * shape.rowSize
    case 'convolution': {
      const { filterHeight, filterWidth, inChannels, outChannels } = shape.geometry
      return filterHeight * filterWidth * inChannels * outChannels
    }
  }
}
