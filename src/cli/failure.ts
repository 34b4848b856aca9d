import { GradlensError, InvalidArgumentError } from 'gradlens'
import { InputError } from './arrays/array-source.js'

/** What to say about a failure: what is wrong and what to do, without a stack. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof GradlensError) return inOptions(error)
  if (error instanceof InputError) return error.message
  const { code } = error as Error & { readonly code?: unknown }
  // What Node's own functions say has the file's name in it.
  return typeof code === 'string' ? error.message : `${error.name}: ${error.message}`
}

/** The library's arguments by the names of the options that they came from. */
function inOptions(error: Error): string {
  if (!(error instanceof InvalidArgumentError)) return error.message
  const [name = ''] = /^\w+(\.\w+)?/.exec(error.argument) ?? []
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
