/** @import { NdArray, Predictor, PredictorSession } from 'gradlens' */

/**
 * Returns a predictor of one input for a model with several inputs of one axis each. Its columns are those of the
 * first input, then those of the second, and so on.
 *
 * @param {Predictor} predictor
 * @returns {Predictor}
 */
export function joinColumns(predictor) {
  const widths = predictor.inputs.map(({ shape }) => shape[0] ?? 0)
  const { name, output, parameters, devices } = predictor
  const findLayer = predictor.findLayer?.bind(predictor)
  return {
    name,
    output,
    parameters,
    devices,
    ...(findLayer && { findLayer }),
    inputs: [{ name: 'columns', shape: [widths.reduce((a, b) => a + b, 0)], dtype: 'float32' }],
    open: async (device, options) => joinSession(await predictor.open(device, options), widths),
  }
}

/**
 * @param {PredictorSession} session
 * @param {readonly number[]} widths
 * @returns {PredictorSession}
 */
function joinSession(session, widths) {
  const weights = session.weights?.bind(session)
  const exampleBytes = session.exampleBytes?.bind(session)
  const activations = session.activations?.bind(session)
  const activationGradients = session.activationGradients?.bind(session)
  /** @param {readonly NdArray[]} x */
  const split = ([x]) => splitColumns(/** @type {NdArray} */ (x), widths)
  return {
    get weightsVersion() {
      return session.weightsVersion
    },
    concurrency: session.concurrency,
    gpuDevice: session.gpuDevice,
    drawsLabels: session.drawsLabels,
    ...(weights && { weights }),
    ...(exampleBytes && { exampleBytes: (x, ...more) => exampleBytes(split(x), ...more) }),
    ...(activations && { activations: (x, ...more) => activations(split(x), ...more) }),
    ...(activationGradients && {
      activationGradients: (x, ...more) => activationGradients(split(x), ...more),
    }),
    predict: (x, ...more) => session.predict(split(x), ...more),
    inputGradients: async (x, ...more) => [
      concatenateColumns(await session.inputGradients(split(x), ...more), widths),
    ],
    lossGradients: (x, ...more) => session.lossGradients(split(x), ...more),
    [Symbol.dispose]: () => {
      session[Symbol.dispose]()
    },
  }
}

/**
 * @param {NdArray} x [n, all columns]
 * @param {readonly number[]} widths
 * @returns {NdArray[]} [n, width] each
 */
function splitColumns({ data, shape }, widths) {
  const [count = 0, size = 0] = shape
  let from = 0
  return widths.map((width) => {
    const part = new Float32Array(count * width)
    for (let row = 0; row < count; row++) {
      const start = row * size + from
      part.set(data.subarray(start, start + width), row * width)
    }
    from += width
    return { data: part, shape: [count, width] }
  })
}

/**
 * @param {readonly NdArray[]} parts [n, width] each
 * @param {readonly number[]} widths
 * @returns {NdArray} [n, all columns]
 */
function concatenateColumns(parts, widths) {
  const size = widths.reduce((a, b) => a + b, 0)
  const count = parts[0]?.shape[0] ?? 0
  const data = new Float32Array(count * size)
  let from = 0
  parts.forEach((part, at) => {
    const width = widths[at] ?? 0
    for (let row = 0; row < count; row++) {
      data.set(part.data.subarray(row * width, (row + 1) * width), row * size + from)
    }
    from += width
  })
  return { data, shape: [count, size] }
}
