import { InfluenceFunctions } from 'gradlens/influence'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { devices, useDevice } from '../../support/devices/devices.js'
import { computeInfluences, type Labelled } from '../../support/influence/dense-curvature.js'
import { createTinyNet, tinyNets, type TinyNet } from '../../support/influence/tiny-nets.js'
import { seededRandom } from '../../support/random.js'

const loss = 'sparseCategoricalCrossentropy'

/** Float32 gradients, whose curvature has eigenvalues down to a tenth of the mean after damping. */
const tolerance = 1e-5

const curvatures = ['ekfac', 'kfac', 'diagonal'] as const

function drawExamples(net: TinyNet, count: number, seed: number): Labelled[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => ({
    x: net.example(random),
    label: Math.floor(3 * random()),
  }))
}

/** The scores [questions][train] of an explainer. */
async function explain(
  explainer: InfluenceFunctions,
  net: TinyNet,
  questions: readonly Labelled[],
): Promise<number[][]> {
  const x = net.arrayOf(questions.map((each) => each.x))
  const { scores, orderedIndices } = (
    await explainer.explain(
      x,
      questions.map(({ label }) => label),
    )
  ).data
  const count = scores.shape[1]!
  return questions.map((_, question) => {
    const row = Array.from({ length: count }, () => 0)
    for (let k = 0; k < count; k++) {
      row[orderedIndices.data[question * count + k]!] = scores.data[question * count + k]!
    }
    return row
  })
}

function expectClose(actual: readonly number[][], expected: readonly number[][]): void {
  const largest = Math.max(...expected.flat().map(Math.abs))
  const error = Math.max(
    ...actual.flatMap((row, i) => row.map((value, j) => Math.abs(value - expected[i]![j]!))),
  )
  expect(error / largest).toBeLessThan(tolerance)
}

describe.each(devices)('on %s', (device) => {
  beforeAll(() => useDevice('cpu'))

  describe.each(tinyNets)('of %s', (_, index) => {
    it.each(curvatures)('has the influences of the dense matrix of %s', async (curvature) => {
      const net = createNet(index)
      const train = drawExamples(net, 12, 1)
      const questions = drawExamples(net, 3, 2)
      using explainer = new InfluenceFunctions(net.predictor, loss, {
        ...{ device, curvature, fisher: 'empirical', batchSize: 5 },
      })
      await explainer.fit(
        net.arrayOf(train.map(({ x }) => x)),
        train.map(({ label }) => label),
      )
      expectClose(
        await explain(explainer, net, questions),
        computeInfluences(net, curvature, train, train, questions),
      )
    })

    it.each(['ekfac', 'kfac'] as const)(
      'has those of %s from fewer examples than inputs',
      async (curvature) => {
        const net = createNet(index)
        const train = drawExamples(net, 6, 1)
        const questions = drawExamples(net, 3, 2)
        using explainer = new InfluenceFunctions(net.predictor, loss, {
          ...{ device, curvature, fisher: 'empirical', curvatureExamples: 2 },
        })
        await explainer.fit(
          net.arrayOf(train.map(({ x }) => x)),
          train.map(({ label }) => label),
        )
        const expected = (examples: readonly Labelled[]): number[][] =>
          computeInfluences(net, curvature, [train[0]!, train[3]!], train, examples)
        expectClose(await explain(explainer, net, questions), expected(questions))
        const self = await explainer.selfInfluence()
        const own = expected(train).map((row, i) => row[i]!)
        expectClose([[...self.scores.data]], [own])
      },
    )

    it.each([1, 2, 4])('has those of EK-FAC with %i input eigenvectors', async (inputRank) => {
      const net = createNet(index)
      const train = drawExamples(net, 12, 1)
      const questions = drawExamples(net, 3, 2)
      using explainer = new InfluenceFunctions(net.predictor, loss, {
        ...{ device, inputRank, fisher: 'empirical', batchSize: 5 },
      })
      await explainer.fit(
        net.arrayOf(train.map(({ x }) => x)),
        train.map(({ label }) => label),
      )
      const expected = (examples: readonly Labelled[]): number[][] =>
        computeInfluences(net, 'ekfac', train, train, examples, { inputRank })
      expectClose(await explain(explainer, net, questions), expected(questions))
      const self = await explainer.selfInfluence()
      const own = expected(train).map((row, i) => row[i]!)
      expectClose([[...self.scores.data]], [own])
    })
  })
})

function createNet(number: number): TinyNet {
  const net = createTinyNet(number)
  onTestFinished(() => {
    net.dispose()
  })
  return net
}
