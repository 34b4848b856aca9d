import { InvalidArgumentError } from '../../errors.js'
import type { ArrayInput } from '../../array-input.js'
import type { NdArray } from '../../ndarray.js'
import { readClasses } from '../arrays.js'
import { readOrder } from './rankings.js'

export interface IdenticalClassData {
  /** The share of the test examples whose most similar training example is of their class, from 0 to 1. */
  readonly share: number
  /** [nTest] u8: 1 where it is, else 0. */
  readonly matches: NdArray
  /** The same for each class that a test example has, ascending. */
  readonly classes: readonly ClassMatches[]
}

export interface ClassMatches {
  /** The class index. */
  readonly label: number
  readonly testCount: number
  /** How many training examples have that class; with 0 none of its test examples can match. */
  readonly trainCount: number
  /** Of its test examples, from 0 to 1. */
  readonly share: number
}

/**
 * Identical class test: is the training example that is most similar to a test example of the class that the model
 * predicts for it? An explanation that says "because it resembles this" by something else persuades nobody.
 *
 * Hanawa, Yokoi, Hara and Inui (2021), "Evaluation of similarity-based explanations", section 3.
 *
 * @param orderedIndices [nTest, n] of GradientSimilarity's explanation, full or top: the first of each row counts
 * @param trainLabels the training examples' labels, class indices [nTrain] or one-hot rows
 * @param predictedLabels the classes that the model predicts for the test examples, in one of these forms
 * @throws InvalidArgumentError for shapes or lengths that do not fit, or what is no class
 */
export async function identicalClassTest(
  orderedIndices: ArrayInput,
  trainLabels: ArrayInput,
  predictedLabels: ArrayInput,
): Promise<IdenticalClassData> {
  return compareClasses(orderedIndices, { trainLabels }, { predictedLabels })
}

/**
 * Identical subclass test: for a model that was trained on merged classes, and so never told them apart, is the most
 * similar training example of the test example's original class? `mergeClasses` merges them as the authors do.
 *
 * Hanawa et al. (2021), section 3. They count the test examples that the model classifies right; `matches` lets the
 * caller do so.
 *
 * @param trainSubclasses the training examples' original classes, class indices [nTrain] or one-hot rows
 * @param testSubclasses the test examples' original classes, in one of these forms
 * @throws InvalidArgumentError for shapes or lengths that do not fit, or what is no class
 */
export async function identicalSubclassTest(
  orderedIndices: ArrayInput,
  trainSubclasses: ArrayInput,
  testSubclasses: ArrayInput,
): Promise<IdenticalClassData> {
  return compareClasses(orderedIndices, { trainSubclasses }, { testSubclasses })
}

/** Labels, under the name of their argument. */
type NamedLabels = Readonly<Record<string, ArrayInput>>

async function compareClasses(
  orderedIndices: ArrayInput,
  trainLabels: NamedLabels,
  testLabels: NamedLabels,
): Promise<IdenticalClassData> {
  const read = async (labels: NamedLabels): Promise<[string, Int32Array]> => {
    const [name, value] = Object.entries(labels)[0]!
    return [name, await readClasses(name, value)]
  }
  const [[, train], [testName, test]] = await Promise.all([read(trainLabels), read(testLabels)])
  const { data, shape } = await readOrder('orderedIndices', orderedIndices, train.length)
  const [testCount = 0, rankedCount = 0] = shape
  if (test.length !== testCount) {
    throw new InvalidArgumentError(
      testName,
      `${test.length} labels for ${testCount} test examples`,
      'one label per row of orderedIndices',
    )
  }
  const matches = Uint8Array.from(test, (label, i) =>
    train[data[i * rankedCount]!] === label ? 1 : 0,
  )
  const labels = [...new Set(test)].sort((a, b) => a - b)
  const classes = labels.map((label): ClassMatches => {
    const own = matches.filter((_, i) => test[i] === label)
    const trainCount = train.filter((other) => other === label).length
    return { label, testCount: own.length, trainCount, share: computeShare(own) }
  })
  return { share: computeShare(matches), matches: { data: matches, shape: [testCount] }, classes }
}

const computeShare = (matches: Uint8Array): number =>
  matches.reduce((sum, match) => sum + match, 0) / matches.length
