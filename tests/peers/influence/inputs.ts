/**
 * Writes the inputs of kronfluence.py: a net of random weights, data, and the labels that InfluenceFunctions draws.
 *
 *     npx tsx tests/peers/influence/inputs.ts > tests/fixtures/kronfluence.json
 *     python tests/peers/influence/kronfluence_scores.py
 */
import { readLoss } from '../../../src/losses/loss.js'
import { sampleLabels } from '../../../src/influence/curvatures/sample-labels.js'
import { toNormal, seededRandom } from '../../../src/random.js'
import { predictNet, type PeerNet } from './peer-net.js'

const normal = toNormal(seededRandom(42))

const round = (value: number): number => Math.fround(Number(value.toFixed(4)))

const draw = (count: number, scale: number): number[] =>
  Array.from({ length: count }, () => round(scale * normal()))

const drawLabels = (count: number): number[] =>
  Array.from({ length: count }, () => Math.floor(3 * seededLabels()))

const seededLabels = seededRandom(43)

const [trainCount, testCount] = [60, 6]

const net: PeerNet = {
  filter: draw(2 * 2 * 2 * 3, 0.6),
  filterBias: draw(3, 0.3),
  kernel: draw(27 * 5, 0.4),
  bias: draw(5, 0.3),
  lastKernel: draw(5 * 3, 0.8),
  lastBias: draw(3, 0.3),
}
const train = draw(trainCount * 4 * 4 * 2, 1)
const data = new Float64Array(trainCount * 3)
for (let k = 0; k < trainCount; k++)
  data.set(predictNet(net, train.slice(32 * k, 32 * k + 32)), 3 * k)
const labels = { data: new Float64Array(trainCount), shape: [trainCount], factors: undefined }
const loss = readLoss('sparseCategoricalCrossentropyFromLogits')
const drawn = sampleLabels(loss, { data, shape: [trainCount, 3] }, labels, 0, 0)

console.log(
  JSON.stringify({
    net,
    train,
    trainLabels: drawLabels(trainCount),
    test: draw(testCount * 4 * 4 * 2, 1),
    testLabels: drawLabels(testCount),
    drawnLabels: [...drawn.data],
  }),
)
