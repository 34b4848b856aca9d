import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tokensOf } from '../../demo/data/review-tokens.js'
import { sha256 } from './data-folder.js'

export const PACKAGE_NAME = 'wink-naive-bayes-text-classifier'
export const PACKAGE_VERSION = '2.2.1'
/** By label. */
export const CLASS_NAMES: readonly string[] = ['negative', 'positive']
/** The package's sentences are in random order. The model is trained on the first ones. */
export const TRAINING_COUNT = 800

const SENTENCES_FILE = join('sentiment-analysis-example', 'shuffled-sentiment-training-data.json')
const SENTENCES_SHA256 = '70e0acc29ddb71ccffb2c87b1666499be7a4deecbf92a6d69fa9481021aee4c6'

export interface Sentence {
  readonly text: string
  readonly label: number
}

/** Reads all sentences of the package, unpacked in the given folder, in its order. */
export function readSentences(packageFolder: string): Sentence[] {
  const bytes = readFileSync(join(packageFolder, SENTENCES_FILE))
  if (sha256(bytes) !== SENTENCES_SHA256) {
    throw new Error(
      `${packageFolder}: the sentences are not those of ${PACKAGE_NAME} ${PACKAGE_VERSION}`,
    )
  }
  const pairs = JSON.parse(bytes.toString('utf8')) as [string, string][]
  return pairs.map(([text, label]) => ({ text, label: Number(label) }))
}

/** Returns the words of the sentences, the most frequent first. */
export function wordsOf(sentences: readonly Sentence[]): string[] {
  const counts = new Map<string, number>()
  for (const { text } of sentences) {
    for (const { word } of tokensOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return [...counts]
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .map(([word]) => word)
}
