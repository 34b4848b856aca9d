import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import {
  countBlockBytes,
  countEigenvalueRows,
  hasOutputBasis,
} from '../../../src/curvature/curvature-block.js'
import type { CurvatureName } from '../../../src/curvature/curvature-options.js'
import { CurvatureEstimator } from '../../../src/curvature/estimator.js'
import type { GradientBlock, GradientSegment } from '../../../src/gradients/block.js'
import { boundInputs, countFitBytes } from '../../../src/influence/curvatures/curvature-bytes.js'
import { seededRandom, uniform } from '../../support/random.js'

/** The memory of a WebAssembly module has whole pages, of which its own numbers take less than one. */
const pageBytes = 2 * 65536

/** A decomposition has a copy of the matrix outside the workspace, and the vectors of a step are stated generously. */
const mostOfMeasured = 1.5

const random = seededRandom(11)
const draw = (least: number, most: number): number =>
  least + Math.floor(random() * (most + 1 - least))
const fill = (count: number): Float32Array => uniform(random, count, [-1, 1])

type Shape = (exampleCount: number) => GradientSegment

function drawFactored(parameter: string, most: number): Shape {
  const [positions, inputSize, outputSize] = [draw(1, most), draw(100, 300), draw(20, 200)]
  const input = random() < 0.5 ? 'a' : 'delta'
  const bias = random() < 0.5 ? undefined : ({ parameter: `${parameter}/bias`, input } as const)
  return (count) => ({
    ...{ kind: 'factored', parameter, positions, inputSize, outputSize, bias },
    a: fill(count * positions * inputSize),
    delta: fill(count * positions * outputSize),
  })
}

function drawConvolution(parameter: string): Shape {
  const [size, channels, outChannels] = [draw(6, 12), draw(8, 24), draw(8, 32)]
  const geometry = {
    ...{ inHeight: size, inWidth: size, outHeight: size, outWidth: size },
    ...{ filterHeight: 3, filterWidth: 3, strideHeight: 1, strideWidth: 1 },
    ...{ dilationHeight: 1, dilationWidth: 1, padTop: 1, padLeft: 1 },
    ...{ inChannels: channels, outChannels },
  }
  return (count) => ({
    ...{ kind: 'convolution', parameter, geometry },
    a: fill(count * size ** 2 * channels),
    delta: fill(count * size ** 2 * outChannels),
  })
}

function drawLookup(parameter: string): Shape {
  const [positions, parameterRows, rowSize] = [draw(1, 30), draw(100, 500), draw(20, 200)]
  return (count) => ({
    ...{ kind: 'lookup', parameter, positions, parameterRows, rowSize },
    indices: Int32Array.from({ length: count * positions }, () => draw(0, parameterRows - 1)),
    delta: fill(count * positions * rowSize),
  })
}

function drawDense(parameter: string): Shape {
  const size = draw(100, 500)
  return (count) => ({ kind: 'dense', parameter, size, values: fill(count * size) })
}

/** The gradients of two batches for some layers of every layout. */
function drawBatches(): [GradientBlock, GradientBlock] {
  const makers = [
    () => drawFactored('vectors', 1),
    () => drawFactored('sequence', 40),
    () => drawConvolution('convolution'),
    () => drawLookup('table'),
    () => drawDense('scale'),
  ]
  const shapes = makers.filter(() => random() < 0.5).map((make) => make())
  const all = shapes.length > 0 ? shapes : makers.map((make) => make())
  const batchOf = (exampleCount: number): GradientBlock => ({
    exampleCount,
    segments: all.map((shape) => shape(exampleCount)),
  })
  return [batchOf(16), batchOf(7)]
}

/** The memory of each workspace that the current test has opened. */
const memories: WebAssembly.Memory[] = []

beforeEach(() => {
  const { instantiate } = WebAssembly
  // Given a module, it returns an instance.
  const record = async (module: WebAssembly.Module): Promise<WebAssembly.Instance> => {
    const instance = await instantiate(module)
    memories.push(instance.exports['memory'] as WebAssembly.Memory)
    return instance
  }
  const spy = vi.spyOn(WebAssembly, 'instantiate').mockImplementation(record)
  onTestFinished(() => {
    spy.mockRestore()
  })
})

/** The bytes of the workspace that was opened before the others. */
const shiftWorkspace = (): number => memories.shift()!.buffer.byteLength

/** The bytes of workspaces and factors when they are the most, and what is stated. */
async function measure(
  curvature: CurvatureName,
  inputRank: number,
  isKept: boolean,
): Promise<{ readonly measured: number; readonly stated: number }> {
  const batches = drawBatches()
  const options = { curvature, inputRank, uncovered: 'refuse', maxBytes: Infinity } as const
  const estimator = new CurvatureEstimator(options, () => Promise.resolve())
  let first = 0
  let bases = 0
  const kept: Parameters<typeof estimator.addEigenvalues>[0][] = []
  if (estimator.needsCovariances) {
    for (const batch of batches) {
      const own = await estimator.addCovariances(batch, isKept)
      kept.push(isKept ? own : batch)
    }
    await estimator.decompose()
    const found = estimator.blocks.filter(hasOutputBasis)
    bases = found.reduce((sum, block) => sum + countBlockBytes(block), 0)
    // Λ is measured later.
    if (estimator.needsEigenvalues) {
      bases -= found.reduce((sum, block) => sum + 4 * countEigenvalueRows(block) * block.columns, 0)
    }
    first = shiftWorkspace() + bases
  } else kept.push(...batches)
  if (estimator.needsEigenvalues) for (const batch of kept) await estimator.addEigenvalues(batch)
  const { byteLength } = estimator.finish()
  const last =
    (estimator.blocks.some(estimator.isMeasured) ? shiftWorkspace() : 0) +
    Math.max(bases, byteLength)
  expect(memories).toEqual([])
  const [{ segments }] = batches
  const exampleCount = batches[0].exampleCount + batches[1].exampleCount
  const blocks = estimator.blocks.map((block) => boundInputs(block, segments, exampleCount))
  const stated = countFitBytes(blocks, estimator.isMeasured, batches[0], inputRank)
  return { measured: Math.max(first, last) - pageBytes, stated }
}

it.each([
  ['ekfac', Infinity, true],
  ['ekfac', Infinity, false],
  ['ekfac', 40, true],
  ['kfac', Infinity, false],
  ['kfac', 40, false],
  ['diagonal', Infinity, false],
] as const)(
  'an estimate of %s with %d input eigenvectors states the memory of a fit (kept: %s)',
  async (curvature, inputRank, isKept) => {
    for (let round = 0; round < 2; round++) {
      const { measured, stated } = await measure(curvature, inputRank, isKept)
      expect(stated).toBeGreaterThan(measured)
      expect(stated).toBeLessThan(mostOfMeasured * measured + pageBytes)
    }
  },
)
