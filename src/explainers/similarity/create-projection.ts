import { explainFailedImport } from '../../failed-import.js'
import type { Projection } from '../../gradients/projection/projection.js'
import type { ProjectionSettings } from '../../gradients/projection/projection-options.js'
import type { Predictor } from '../../predictor.js'
import { selectTrainable } from '../session/parameters.js'

/** Creates the projection of a model's gradients; undefined without settings. The code is loaded on first use. */
export async function createProjection(
  settings: ProjectionSettings | undefined,
  predictor: Pick<Predictor, 'parameters'>,
): Promise<Projection | undefined> {
  if (settings === undefined) return undefined
  const { Projection } = await import('../../gradients/projection/projection.js').catch(
    explainFailedImport,
  )
  return new Projection(settings, selectTrainable(predictor))
}
