import type { ExplanationMeta } from '../../explanation.js'
import type { ArraySpec } from '../../predictor.js'
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

/** Which axis of an example of each input has the channels. */
export const listChannels = (
  inputs: readonly Pick<ArraySpec, 'channels'>[],
): ('first' | 'last')[] => inputs.map(({ channels }) => channels ?? 'last')
