import type { Tensor } from '@tensorflow/tfjs'
import type { GradientSegment } from '../../gradients/block.js'

/**
 * A gradient segment whose arrays are still tensors on the device, of the shapes that the segment
 * states.
 */
export type TensorSegment = GradientSegment<Tensor, Tensor>
