import { StoreError } from '../../../errors.js'
import { sizeOf } from '../../../ndarray.js'
import type {
  ParameterProjection,
  ProjectionPlan,
} from '../../../gradients/projection/projection-plan.js'
import type { JsonReader } from './json-reader.js'
import type { StoredSegment } from './store-arrays.js'
import type { StoreIdentity } from './store-identity.js'

export function encodeProjection(plan: ProjectionPlan | null): object | null {
  if (plan === null) return null
  return {
    seed: plan.seed,
    size: plan.size,
    parameters: plan.parameters.map((projection) => ({
      parameter: projection.parameter,
      input_size: projection.inputSize,
      output_size: projection.outputSize,
      projected_input_size: projection.projectedInputSize,
      projected_output_size: projection.projectedOutputSize,
    })),
  }
}

/**
 * Reads how the gradients were projected, and checks it against the parameters and segments of the store.
 *
 * @throws StoreError with failure `'damaged'`
 */
export function parseProjection(
  json: JsonReader,
  parameters: StoreIdentity['parameters'],
  segments: readonly StoredSegment[],
): ProjectionPlan | null {
  if (json.value === null) return null
  const projected = json
    .get('parameters')
    .toList((item) => parseParameter(item, parameters, segments))
  const names = projected.map(({ parameter }) => parameter)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) refuse(twice, 'twice', 'once')
  const numbers = projected.reduce((sum, projection) => sum + countMatrixNumbers(projection), 0)
  if (numbers > mostMatrixNumbers) {
    throw new StoreError(
      'damaged',
      `The store's projection needs matrices of ${numbers} numbers; expected no more than ` +
        `${mostMatrixNumbers}.`,
    )
  }
  return {
    seed: json.get('seed').toInteger(0, 2 ** 32 - 1),
    size: json.get('size').toInteger(1),
    parameters: projected,
  }
}

/** The size of a parameter's matrices. A side that isn't projected has none. */
function countMatrixNumbers(projection: ParameterProjection): number {
  const { inputSize, outputSize, projectedInputSize, projectedOutputSize } = projection
  const input = projectedInputSize === inputSize ? 0 : inputSize * projectedInputSize
  return input + (projectedOutputSize === outputSize ? 0 : outputSize * projectedOutputSize)
}

/** Half a gigabyte of float64. The matrices are created before their size can be checked in any other way. */
const mostMatrixNumbers = 2 ** 26

function parseParameter(
  json: JsonReader,
  parameters: StoreIdentity['parameters'],
  segments: readonly StoredSegment[],
): ParameterProjection {
  const parameter = json.get('parameter').toText()
  const index = parameters.findIndex(({ name }) => name === parameter)
  if (index < 0) refuse(parameter, 'an unknown parameter', "one of the store's parameters")
  const size = sizeOf(parameters[index]!.shape)
  const inputSize = json.get('input_size').toInteger(1, size)
  const outputSize = json.get('output_size').toInteger(1, size)
  if (inputSize * outputSize !== size) {
    refuse(parameter, `${inputSize} × ${outputSize}`, `${size} numbers`)
  }
  const projection = {
    parameter,
    index,
    inputSize,
    outputSize,
    projectedInputSize: json.get('projected_input_size').toInteger(1, inputSize),
    projectedOutputSize: json.get('projected_output_size').toInteger(1, outputSize),
  }
  const other = segments.find(
    (segment) => segment.parameter === parameter && !fits(segment, projection),
  )
  if (other !== undefined) {
    const { projectedInputSize, projectedOutputSize } = projection
    const sides = `${projectedInputSize} × ${projectedOutputSize}`
    refuse(
      parameter,
      `${sides} with a ${other.kind} segment of other sizes`,
      'those of its segments',
    )
  }
  return projection
}

function fits(segment: StoredSegment, projection: ParameterProjection): boolean {
  const { projectedInputSize, projectedOutputSize } = projection
  switch (segment.kind) {
    case 'dense':
      return segment.size === projectedInputSize * projectedOutputSize
    case 'factored':
      return segment.inputSize === projectedInputSize && segment.outputSize === projectedOutputSize
    case 'lookup':
      return segment.parameterRows === projectedInputSize && segment.rowSize === projectedOutputSize
  }
}

function refuse(parameter: string, got: string, expected: string): never {
  throw new StoreError(
    'damaged',
    `The store's projection of '${parameter}': got ${got}; expected ${expected}.`,
  )
}

/** A description for messages about differences. */
export function describeProjection(plan: ProjectionPlan | null): string {
  if (plan === null) return 'none'
  const sizes = plan.parameters.map(
    ({ parameter, projectedInputSize, projectedOutputSize }) =>
      `'${parameter}' to ${projectedInputSize} × ${projectedOutputSize}`,
  )
  return `${describeSettings(plan)}, ${sizes.join(', ')}`
}

export const describeSettings = ({ size, seed }: Pick<ProjectionPlan, 'size' | 'seed'>): string =>
  `${size} numbers with seed ${seed}`
