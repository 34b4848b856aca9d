import type { ExplanationMeta } from '../../explanation.js'
import { version } from '../../version.js'

/** Creates the metadata of an explanation from the explainer's name and its parameters. */
export const createMeta = (
  name: string,
  params: Readonly<Record<string, unknown>>,
): ExplanationMeta => ({
  name,
  type: ['whitebox'],
  explanations: ['local'],
  params,
  version,
})
