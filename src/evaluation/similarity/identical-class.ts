import { InvalidArgumentError } from '../../errors.js'
import type { ArrayInput } from '../../array-input.js'
import type { NdArray } from '../../ndarray.js'
import { readClasses } from '../arrays.js'
import { readOrder } from './rankings.js'

/** The result of identicalClassTest and identicalSubclassTest. */
export interface IdenticalClassData {
  /**
   * The share of test examples whose most similar training example has their class, from 0 to 1.
   */
  readonly share: number
  /** [nTest] u8: 1 if the classes match, otherwise 0. */
  readonly matches: NdArray
  /** The matches of each class among the test examples, in ascending order of classes. */
  readonly classes: readonly ClassMatches[]
}

/** The matches of one class. */
export interface ClassMatches {
  /** The class index. */
  readonly label: number
  readonly testCount: number
  /** The number of training examples of the class. If it is 0, no test example can match. */
  readonly trainCount: number
  /** The share of the class's test examples that match, from 0 to 1. */
  readonly share: number
}

/**
 * The identical class test: does the training example most similar to a test example have the class
 * that the model predicts? "Because it resembles this one" persuades only if the classes agree.
 *
 * Hanawa, Yokoi, Hara and Inui (2021), "Evaluation of similarity-based explanations", section 3.
 *
 * @param orderedIndices [nTest, n] from GradientSimilarity's explanation, with ranking 'full' or
 *   'top'. Only the first index of each row counts
 * @param trainLabels the training examples' labels, class indices [nTrain] or one-hot rows
 * @param predictedLabels the predicted classes of the test examples, in one of these forms
 * @throws InvalidArgumentError for shapes that don't match, or values that aren't classes
 */
export async function identicalClassTest(
  orderedIndices: ArrayInput,
  trainLabels: ArrayInput,
  predictedLabels: ArrayInput,
): Promise<IdenticalClassData> {
  return compareClasses(orderedIndices, { trainLabels }, { predictedLabels })
}

/**
 * The identical subclass test, for a model that was trained on merged classes: does the most
 * similar training example have the test example's original class? `mergeClasses` merges classes as
 * the authors do.
 *
 * Hanawa et al. (2021), section 3. They count only test examples that the model classifies
 * correctly. Use `matches` to do the same.
 *
 * @param trainSubclasses the training examples' original classes, class indices [nTrain] or one-hot
 *   rows
 * @param testSubclasses the test examples' original classes, in one of these forms
 * @throws InvalidArgumentError for shapes that don't match, or values that aren't classes
 */
export async function identicalSubclassTest(
  orderedIndices: ArrayInput,
  trainSubclasses: ArrayInput,
  testSubclasses: ArrayInput,
): Promise<IdenticalClassData> {
  return compareClasses(orderedIndices, { trainSubclasses }, { testSubclasses })
}

/** Labels by the name of their argument. */
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
