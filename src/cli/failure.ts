import { GradlensError, InvalidArgumentError } from 'gradlens'
import { InputError } from './arrays/array-source.js'

/** A sentence for the user: what is wrong and what to do, without a stack. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof GradlensError) return renameArguments(error)
  if (error instanceof InputError) return error.message
  const { code } = error as Error & { readonly code?: unknown }
  // Messages of Node's own functions contain the file name.
  return typeof code === 'string' ? error.message : `${error.name}: ${error.message}`
}

/** The error's message, with an argument of the library called by the name of its option. */
function renameArguments(error: Error): string {
  if (!(error instanceof InvalidArgumentError)) return error.message
  const [name = ''] = /^\w+(\.\w+)?/.exec(error.argument) ?? []
  if (name.startsWith('lossFn.')) return error.message.replace('lossFn.', '--loss-options: ')
  const option = optionNames.get(name)
  return option === undefined ? error.message : `${option}${error.message.slice(name.length)}`
}

const optionNames: ReadonlyMap<string, string> = new Map([
  ['xTrain', '--examples'],
  ['yTrain', '--labels'],
  ['ids', '--ids'],
  ['rows', '--rows'],
  ['lossFn', '--loss'],
  ['storeExamples', '--example-url'],
  ['storeRowsPerChunk', '--rows-per-chunk'],
  ['batchSize', '--batch-size'],
  ['output', '--output'],
  ['projection.size', '--projection'],
  ['projection.seed', '--projection-seed'],
])
