import { InvalidArgumentError, UnsupportedError } from '../errors.js'
import type { GradientBlock, GradientSegment } from '../gradients/block.js'
import { chooseLayout, getDenseSize } from '../gradients/compact-layout.js'
import { type BlockShape, countBlockBytes, listParameters } from './curvature-block.js'
import type { BlockOptions } from './curvature-options.js'

/**
 * The most numbers of a parameter without factors that has a matrix of its own: biases, and the scales and offsets of
 * normalizations. The matrix has this many rows and columns.
 */
const mostExactNumbers = 512

/**
 * Divides the parameters into blocks, by the layouts of their gradients.
 *
 * @param block gradients with factors, of any batch
 * @throws UnsupportedError for a parameter that no rule covers; InvalidArgumentError for factors that are too large
 */
export function planBlocks(
  { segments }: Pick<GradientBlock, 'segments'>,
  options: BlockOptions,
): BlockShape[] {
  const byParameter = groupByParameter(segments)
  const joined = new Set(
    segments.flatMap((segment) => {
      const bias = readBias(segment)
      return bias !== undefined && byParameter.get(segment.parameter)!.length === 1
        ? [bias.parameter]
        : []
    }),
  )
  const blocks = [...byParameter]
    .filter(([parameter]) => !joined.has(parameter))
    .map(([parameter, own]) => planBlock(parameter, own, options))
  refuseLarge(blocks, options)
  return blocks
}

export function groupByParameter<Segment extends GradientSegment>(
  segments: readonly Segment[],
): Map<string, Segment[]> {
  const groups = new Map<string, Segment[]>()
  for (const segment of segments) {
    groups.set(segment.parameter, [...(groups.get(segment.parameter) ?? []), segment])
  }
  return groups
}

const readBias = (segment: GradientSegment): BlockShape['bias'] =>
  segment.kind === 'factored' || segment.kind === 'convolution' ? segment.bias : undefined

function planBlock(
  parameter: string,
  segments: readonly GradientSegment[],
  { curvature, uncovered }: BlockOptions,
): BlockShape {
  const [segment] = segments as [GradientSegment]
  const size = countElements(segment)
  const flat = { parameter, bias: undefined, rows: 1, columns: size }
  if (curvature === 'identity') return { ...flat, rule: 'identity' }
  const isDiagonal = curvature === 'diagonal'
  if (segments.length === 1) {
    switch (segment.kind) {
      case 'factored':
      case 'convolution':
        return planFactored(segment, isDiagonal)
      case 'lookup': {
        const { parameterRows: rows, rowSize: columns } = segment
        const rule = isDiagonal ? 'diagonal' : 'lookup'
        return { parameter, bias: undefined, rule, rows, columns }
      }
      case 'dense':
        if (isDiagonal) return { ...flat, rule: 'diagonal' }
        if (size <= mostExactNumbers) return { ...flat, rule: 'exact' }
    }
  }
  if (isDiagonal) return { ...flat, rule: 'diagonal' }
  if (uncovered !== 'refuse') return { ...flat, rule: uncovered }
  throw new UnsupportedError(
    parameter,
    `curvature '${curvature}' does not cover the parameter '${parameter}': ${describeUses(segments, size)}. ` +
      "Set uncovered: 'diagonal' to approximate the curvature of such parameters by its diagonal, " +
      "uncovered: 'identity' to leave it out, curvature: 'diagonal' for all, or leave the parameter out with { parameters }.",
  )
}

function planFactored(
  segment: Extract<GradientSegment, { kind: 'factored' | 'convolution' }>,
  isDiagonal: boolean,
): BlockShape {
  const { parameter, bias } = segment
  const { inputSize, outputSize } = sizesOf(segment)
  const [rows, columns] =
    bias?.input === 'delta' ? [outputSize, inputSize] : [inputSize, outputSize]
  return {
    parameter,
    bias,
    rule: isDiagonal ? 'diagonal' : 'kronecker',
    rows: rows + (bias === undefined ? 0 : 1),
    columns,
  }
}

/** The sizes of the vectors whose products are the gradient of a parameter. */
export function sizesOf(segment: Extract<GradientSegment, { kind: 'factored' | 'convolution' }>): {
  readonly positions: number
  readonly inputSize: number
  readonly outputSize: number
} {
  if (segment.kind === 'factored') return segment
  const { filterHeight, filterWidth, inChannels, outHeight, outWidth, outChannels } =
    segment.geometry
  return {
    positions: outHeight * outWidth,
    inputSize: filterHeight * filterWidth * inChannels,
    outputSize: outChannels,
  }
}

/** The number of a parameter's elements. */
function countElements(segment: GradientSegment): number {
  if (segment.kind !== 'convolution') return getDenseSize(segment)
  const { inputSize, outputSize } = sizesOf(segment)
  return inputSize * outputSize
}

function describeUses(segments: readonly GradientSegment[], size: number): string {
  if (segments.length === 1) {
    return (
      `its gradient has no factors and ${size.toLocaleString('en')} numbers, more than the ` +
      `${mostExactNumbers} of a matrix of its own`
    )
  }
  const layouts = segments.map((segment) => chooseLayoutName(segment))
  return `it is used in ${segments.length} ways (${layouts.join(', ')}), whose gradients have no common factors`
}

const chooseLayoutName = (segment: GradientSegment): string =>
  segment.kind === 'convolution' ? chooseLayout(segment).kind : segment.kind

/** @throws InvalidArgumentError with the bytes of all factors, and the largest */
function refuseLarge(blocks: readonly BlockShape[], { curvature, maxBytes }: BlockOptions): void {
  const total = blocks.reduce((sum, block) => sum + countBlockBytes(block), 0)
  if (total <= maxBytes) return
  const largest = [...blocks].sort((a, b) => countBlockBytes(b) - countBlockBytes(a))[0]!
  const names = listParameters(largest)
    .map((name) => `'${name}'`)
    .join(' and ')
  const others =
    curvature === 'diagonal'
      ? "curvature: 'identity'"
      : "curvature: 'diagonal', which takes as many numbers as the parameters"
  throw new InvalidArgumentError(
    'maxCurvatureBytes',
    format(maxBytes),
    `${format(total)} or more for curvature '${curvature}', of which ${names} take ` +
      `${format(countBlockBytes(largest))}; ${others}; or a parameters filter without the largest layers`,
  )
}

const format = (byteLength: number): string => `${byteLength.toLocaleString('en')} bytes`
