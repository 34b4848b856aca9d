import type { Rule, Rules } from '../rule.js'

/** A function that is constant between its steps: its gradient is zero, so the path ends at its inputs. */
function createStepRule(inputCount: number): Rule {
  return {
    constantInputs: Array.from({ length: inputCount }, (_, input) => input),
    differentiate: () => [],
  }
}

/** Operators through which no gradient flows: steps, comparisons, and what depends on the shape alone. */
export const steps: Rules = {
  Sign: createStepRule(1),
  Floor: createStepRule(1),
  Ceil: createStepRule(1),
  Round: createStepRule(1),
  Hardmax: createStepRule(1),
  ArgMax: createStepRule(1),
  ArgMin: createStepRule(1),
  Equal: createStepRule(2),
  Greater: createStepRule(2),
  GreaterOrEqual: createStepRule(2),
  Less: createStepRule(2),
  LessOrEqual: createStepRule(2),
  IsNaN: createStepRule(1),
  IsInf: createStepRule(1),
  Shape: createStepRule(1),
  Size: createStepRule(1),
  NonZero: createStepRule(1),
  EyeLike: createStepRule(1),
  ConstantOfShape: createStepRule(1),
  Range: createStepRule(3),
}
