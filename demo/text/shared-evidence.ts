import { formatTablePercent } from 'gradlens/elements'
import type { SharedEvidence } from '../explaining/shared-evidence.js'

/** Less than this is called few. */
const slightShare = 0.1

/** 'Coloured: the strokes that count for 1 in both. They are 41 % of what counts for 1 in this digit.' */
export function describeShare(
  { share }: SharedEvidence,
  words: {
    readonly one: string
    readonly parts: string
    readonly index: number
    readonly name: string
  },
): string {
  const { one, parts, index, name } = words
  const percent = formatTablePercent(share)
  if (share === 0) return `No ${parts} count for ${name} in both this ${one} and no. ${index}.`
  const coloured = `Coloured: the ${parts} that count for ${name} in both this ${one} and no. ${index}.`
  return share < slightShare
    ? `${coloured} They are few: ${percent} of what counts for ${name} in this ${one}.`
    : `${coloured} They are ${percent} of what counts for ${name} in this ${one}.`
}
