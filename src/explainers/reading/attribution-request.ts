import type { ArrayInput } from '../../array-input.js'
import type { ArraySpec, ForwardArguments, Predictor } from '../../predictor.js'
import { type CopiedTargets, copyTargets } from './copied-targets.js'
import { assertRowCounts, readForwardArguments } from './forward-arguments.js'
import { type Inputs, type ReadInputs, readInputs } from './inputs.js'
import type { TargetInput } from './targets.js'

/** The arguments of a call that attributes, copied from the caller's arrays. */
export interface AttributionRequest {
  readonly read: ReadInputs
  readonly further: ForwardArguments
  readonly target: CopiedTargets | undefined
}

/**
 * Reads the examples, the named arguments and the target of a call. The caller's arrays are copied before the first
 * await, so that later changes to them have no effect.
 *
 * @param specs the inputs that `x` gives
 * @param argument the option that gives the named arguments, for error messages
 * @throws InvalidArgumentError or NonFiniteError
 */
export async function readRequest(
  predictor: Pick<Predictor, 'inputs' | 'preprocess'>,
  x: Inputs<unknown>,
  specs: readonly ArraySpec[],
  argument: string,
  named: Readonly<Record<string, ArrayInput>>,
  target: TargetInput | undefined,
): Promise<AttributionRequest> {
  const [read, further, given] = await Promise.all([
    readInputs('x', x, specs, predictor),
    readForwardArguments(argument, named, predictor.inputs),
    target === undefined ? undefined : copyTargets(target),
  ])
  assertRowCounts(argument, further, read.exampleCount)
  return { read, further, target: given }
}
