import { tfjsPredictor } from 'gradlens/tfjs'
import { describe, expect, it } from 'vitest'
import { takeRows } from '../../../../src/ndarray.js'
import { useDevice } from '../../../support/devices/devices.js'
import {
  findKept,
  gradientsOf,
  inFileOrder,
  largestError,
  sharedWeights,
} from '../../../support/onnx/compare-torch.js'
import { convertBytes, loadConverted } from '../../../support/onnx/converted-model.js'
import { exporters, readExport, readTorchNet, torchNets } from '../../../support/onnx/torch-nets.js'

/** Float32 against float64, relative to the largest number. */
const outputTolerance = 1e-6
const parameterTolerance = 1e-5

/** The examples of batches of one, two and five. Each exporter's gradients are those of one of them. */
const batches = { legacy: [2], unfolded: [2, 0, 1, 1, 2], dynamo: [0, 1] }

describe.each(torchNets)('%s from PyTorch, converted to TensorFlow.js', (name) => {
  const net = readTorchNet(name)

  it.each(exporters)("has torch's outputs and gradients (%s)", async (exporter) => {
    await useDevice('wasm')
    const shapes = [net.x.shape.slice(1)]
    const model = await loadConverted(convertBytes(readExport(name, exporter), { shapes }))
    const predictor = tfjsPredictor(model)
    using session = await predictor.open('wasm', { allowSoftware: true })
    for (const rows of Object.values(batches)) {
      const logits = await session.predict([takeRows(net.x, rows)], {})
      expect(largestError(logits, takeRows(net.logits, rows))).toBeLessThan(outputTolerance)
    }
    const rows = batches[exporter]
    const [x, labels] = [takeRows(net.x, rows), takeRows(net.labels, rows)]
    if (net.inputGradient !== undefined) {
      const classes = net.logits.shape.at(-1)!
      const positions = labels.data.length / rows.length
      const indices = Int32Array.from(labels.data, (label, k) => (k % positions) * classes + label)
      const [gradient] = await session.inputGradients([x], indices, {})
      const expected = takeRows(net.inputGradient, rows)
      expect(largestError(gradient!, expected)).toBeLessThan(outputTolerance)
    }
    const found = await gradientsOf(session, x, labels)
    const kept = findKept(name, exporter, found)
    const specs = new Map(predictor.parameters.map((each) => [each.name, each.shape]))
    for (const parameter of kept) {
      if (exporter !== 'unfolded' && parameter === sharedWeights[name]) continue
      const expected = takeRows(net.parameters.get(parameter)!, rows)
      const own = inFileOrder(found.get(parameter)!, specs.get(parameter)!, expected.shape.slice(1))
      const error = largestError({ data: own, shape: expected.shape }, expected)
      expect(error, parameter).toBeLessThan(parameterTolerance)
    }
    // Running statistics are buffers in torch, not parameters.
    expect([...found.keys()].filter((own) => own.includes('running_'))).toEqual([])
    if (exporter === 'unfolded') expect(kept).toEqual([...net.parameters.keys()])
    else expect(kept.length).toBeGreaterThan(0)
  })
})
