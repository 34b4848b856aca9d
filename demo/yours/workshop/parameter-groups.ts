import type { Predictor } from 'gradlens'
import { sizeOf } from '../models/opened-model.js'

/** The trainable parameters of one layer. */
export interface ParameterGroup {
  readonly name: string
  /** How many numbers they have. */
  readonly count: number
}

/** The layer of a parameter: its name without the last part. */
function groupOf(parameter: string): string {
  const end = Math.max(parameter.lastIndexOf('/'), parameter.lastIndexOf('.'))
  return end <= 0 ? parameter : parameter.slice(0, end)
}

/** The layers with trainable parameters, in the model's order. */
export function listParameterGroups({
  parameters,
}: Pick<Predictor, 'parameters'>): readonly ParameterGroup[] {
  const counts = new Map<string, number>()
  for (const { name, shape, trainable } of parameters) {
    if (trainable) counts.set(groupOf(name), (counts.get(groupOf(name)) ?? 0) + sizeOf(shape))
  }
  return [...counts].map(([name, count]) => ({ name, count }))
}

/** Chooses the parameters of one layer; undefined chooses all. */
export function chooseParameters(group: string | null): ((name: string) => boolean) | undefined {
  return group === null ? undefined : (name) => groupOf(name) === group
}
