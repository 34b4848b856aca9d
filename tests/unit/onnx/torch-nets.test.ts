import { onnxPredictor } from 'gradlens/onnx'
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import {
  findKept,
  gradientsOf,
  inFileOrder,
  largestError,
  sharedWeights,
} from '../../support/onnx/compare-torch.js'
import { exporters, readExport, readTorchNet, torchNets } from '../../support/onnx/torch-nets.js'

/** Float32 against float64, relative to the largest number. */
const outputTolerance = 1e-6
const parameterTolerance = 5e-6

describe.each(torchNets)('%s from PyTorch', (name) => {
  const net = readTorchNet(name)
  const exampleCount = net.x.shape[0]!

  it.each(exporters)("has torch's outputs and gradients (%s)", async (exporter) => {
    const predictor = await onnxPredictor(ort, readExport(name, exporter))
    using session = await predictor.open('native', { allowSoftware: true })
    expect(largestError(await session.predict([net.x], {}), net.logits)).toBeLessThan(
      outputTolerance,
    )
    const found = await gradientsOf(session, net.x, net.labels)
    const kept = findKept(name, exporter, found)
    const specs = new Map(predictor.parameters.map((each) => [each.name, each.shape]))
    for (const parameter of kept) {
      if (exporter !== 'unfolded' && parameter === sharedWeights[name]) continue
      const expected = net.parameters.get(parameter)!
      const rows = found.get(parameter)!
      const own = inFileOrder(rows, specs.get(parameter)!, expected.shape.slice(1))
      const error = largestError({ data: own, shape: expected.shape }, expected)
      expect(error, parameter).toBeLessThan(parameterTolerance)
    }
    // Running statistics are buffers in torch, not parameters.
    expect([...found.keys()].filter((own) => own.includes('running_'))).toEqual([])
    if (exporter === 'unfolded') expect(kept).toEqual([...net.parameters.keys()])
    else expect(kept.length).toBeGreaterThan(0)
  })

  if (net.inputGradient !== undefined) {
    it.each(exporters)("has torch's input gradients (%s)", async (exporter) => {
      const predictor = await onnxPredictor(ort, readExport(name, exporter))
      using session = await predictor.open('native', { allowSoftware: true })
      const classes = net.logits.shape.at(-1)!
      const positions = net.labels.data.length / exampleCount
      const indices = Int32Array.from(
        net.labels.data,
        (label, k) => (k % positions) * classes + label,
      )
      const [gradient] = await session.inputGradients([net.x], indices, {})
      expect(largestError(gradient!, net.inputGradient!)).toBeLessThan(outputTolerance)
    })
  }
})
