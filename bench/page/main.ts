import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url'
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url'
import '@tensorflow/tfjs-backend-webgpu'
import type { Case } from '../cases.js'
import type { PageDevice } from '../protocol.js'
import { type ExampleData, loadData } from './example-data.js'
import { Limit } from './limit.js'
import { Loop } from './loop.js'
import { pageReport } from './machine.js'
import { createModel } from './model.js'
import { Ours } from './ours.js'
import { Passes } from './passes.js'

setWasmPaths({
  'tfjs-backend-wasm.wasm': plainUrl,
  'tfjs-backend-wasm-simd.wasm': simdUrl,
  'tfjs-backend-wasm-threaded-simd.wasm': threadedUrl,
})

interface Opened {
  readonly model: tf.LayersModel
  readonly ours: Ours
  readonly loop: Loop
  readonly limit: Limit
  readonly passes: Passes
}

let opened: Opened | undefined

function getOpened(): Opened {
  if (opened === undefined) throw new Error('Open a model first.')
  return opened
}

async function load(
  folder: string,
  description: Case,
  device: PageDevice,
): Promise<{ data: ExampleData; model: tf.Sequential; ours: Ours }> {
  if (!(await tf.setBackend(device))) throw new Error(`tfjs's ${device} backend did not start.`)
  const data = await loadData(folder, description)
  const model = createModel(data)
  return { data, model, ours: new Ours(model, data, device) }
}

window.bench = {
  report: pageReport,

  async open(folder, description, device) {
    window.bench.close()
    const { data, model, ours } = await load(folder, description, device)
    const loop = new Loop(model, data, device)
    const limit = new Limit(model, data)
    const passes = new Passes(model, data, device)
    opened = { model, ours, loop, limit, passes }
    for (const contestant of [ours, limit, loop, passes]) await contestant.prepare()
  },

  measure: (contestant, task) => getOpened()[contestant].measure(task),
  results: () => getOpened().ours.results(),
  withRows: (task, exampleCount) => getOpened().ours.withRows(task, exampleCount),

  async explainOnce(folder, description, device, exampleCount) {
    const { model, ours } = await load(folder, description, device)
    await ours.withRows('explainAdHoc', exampleCount)
    ours.dispose()
    model.dispose()
  },

  close() {
    opened?.ours.dispose()
    opened?.loop.dispose()
    opened?.passes.dispose()
    opened?.model.dispose()
    opened = undefined
  },
}
