import type { LossName } from 'gradlens'
import type { EncodingPlan } from './encoders/encoder.js'
import type { BaselineName } from './workshop/baselines.js'

/** What the visitor chose. Undefined: not yet. */
export interface Choices {
  readonly output: string
  /** Null until the visitor says how the model takes pixels. */
  readonly plan: Omit<EncodingPlan, 'pixels'> & {
    readonly pixels: Omit<EncodingPlan['pixels'], 'scaling'> & {
      readonly scaling: EncodingPlan['pixels']['scaling'] | null
    }
  }
  readonly loss: LossName | null
  readonly simFn: 'grad_cos' | 'grad_dot'
  /** The layer whose gradients are compared; null for all. */
  readonly parameters: string | null
  /** 'grad_cam' for models with convolutions: a coarse map, in one pass. */
  readonly method: 'integrated_gradients' | 'grad_cam'
  /** The layer to which answers are attributed; null for the input. */
  readonly layer: string | null
  readonly baseline: BaselineName
}
