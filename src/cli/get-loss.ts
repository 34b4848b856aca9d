import { type LossName, lossNames, type NamedLoss } from 'gradlens'
import { getChoice, getOption, requireOption } from './arguments.js'
import { type CommandOption, type GivenArguments, UsageError } from './command.js'

export const lossOptions: Readonly<Record<string, CommandOption>> = {
  loss: { type: 'string', value: 'NAME', help: lossNames.join(', ') },
  'loss-options': {
    type: 'string',
    value: 'JSON',
    help: `the options of the loss, as JSON: '{"ignoreLabel": -1}'`,
  },
}

/** @throws UsageError if no loss is given, or another one than the library has */
export function getLoss(given: GivenArguments): LossName | NamedLoss {
  requireOption(given, 'loss', 'categoricalCrossentropy')
  const name = getChoice(given, 'loss', lossNames)!
  const json = getOption(given, 'loss-options')
  if (json === undefined) return name
  const parsed = parseObject(json)
  if (parsed !== undefined && !('name' in parsed)) return { ...parsed, name }
  throw new UsageError(
    `--loss-options: got '${json}'; expected a JSON object without a name: '{"ignoreLabel": -1}'.`,
  )
}

function parseObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
