import type { Projection } from '../../gradients/projection/projection.js'
import type { ProjectionSettings } from '../../gradients/projection/projection-options.js'
import type { Predictor } from '../../predictor.js'
import { selectTrainable } from '../session/parameters.js'

/** A projection of the gradients of that model, if there is to be one. Loaded when it is first needed. */
export async function createProjection(
  settings: ProjectionSettings | undefined,
  predictor: Pick<Predictor, 'parameters'>,
): Promise<Projection | undefined> {
  if (settings === undefined) return undefined
  const { Projection } = await import('../../gradients/projection/projection.js')
  return new Projection(settings, selectTrainable(predictor))
}
