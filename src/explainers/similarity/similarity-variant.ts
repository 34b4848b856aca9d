import type { DeviceGradients } from '../../compute/gradient-backend.js'
import type { PlacedGradients } from './gradient-blocks.js'
import type { GradientContext, TrainingSet } from './training-set.js'

/** Where an explainer differs from GradientSimilarity. */
export interface SimilarityVariant<Value> {
  /** The explainer's name in explanations and progress. */
  readonly name: string
  /** Replaces the gradients of the examples to be explained, whose old ones it disposes of. */
  readonly prepare?: (
    tests: PlacedGradients[],
    context: GradientContext<Value>,
    fitted: TrainingSet<Value>,
  ) => Promise<PlacedGradients[]>
  /** Replaces ‖g‖² of training examples as their self-influence. */
  readonly quadraticForms?: (
    gradients: DeviceGradients,
    context: GradientContext<Value>,
    fitted: TrainingSet<Value>,
  ) => Promise<Float64Array>
  /** Its own parameters in explanations. */
  readonly params?: () => Readonly<Record<string, unknown>>
}
