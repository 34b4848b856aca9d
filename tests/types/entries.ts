/** What must compile, and what must not, for the users of gradlens/onnx, /frame, /report and /testing. It is never run. */
import { type Explanation, GradientSimilarity, type NdArray, type Predictor } from 'gradlens'
import { decodeFrame, encodeFrame, type Frame, type FrameDtype } from 'gradlens/frame'
import { onnxPredictor, type OnnxPredictor, type OnnxPredictorOptions } from 'gradlens/onnx'
import { reportHtml, type ReportPart } from 'gradlens/report'
import { type AdapterCase, adapterCases, type TestedAdapter } from 'gradlens/testing'
import * as ortNode from 'onnxruntime-node'
import * as ortWeb from 'onnxruntime-web'
import { expectTypeOf } from 'vitest'

declare const explanation: Explanation
declare const adapter: TestedAdapter<Float32Array>

export async function onnx(): Promise<void> {
  const options: OnnxPredictorOptions = {
    logits: true,
    layout: 'channelsFirst',
    parameters: (name) => name.startsWith('head'),
    externalData: { 'model.onnx.data': new Uint8Array(4) },
  }
  const predictor = await onnxPredictor(ortWeb, 'model.onnx', options)
  expectTypeOf(predictor).toEqualTypeOf<OnnxPredictor>()
  expectTypeOf(predictor).toExtend<Predictor<NdArray>>()
  predictor.setWeights({ bias: { data: Float32Array.of(1), shape: [1] } })
  await onnxPredictor(ortNode, new ArrayBuffer(8))
  new GradientSimilarity(predictor, {
    value: (yTrue, yPred) => (yPred.data[0]! - yTrue.data[0]!) ** 2,
    gradient: (yTrue, yPred) => ({
      data: Float32Array.of(2 * (yPred.data[0]! - yTrue.data[0]!)),
      shape: yPred.shape,
    }),
  })
  // @ts-expect-error -- ONNX Runtime is passed first
  await onnxPredictor('model.onnx')
  // @ts-expect-error -- not a layout
  await onnxPredictor(ortWeb, 'model.onnx', { layout: 'first' })
}

export function frames(): void {
  const bytes = encodeFrame(explanation, { labels: ['cat', 'dog'] }, { dtype: 'float16' })
  expectTypeOf(decodeFrame(bytes)).toEqualTypeOf<Frame>()
  expectTypeOf(decodeFrame(bytes).explanation).toEqualTypeOf<Explanation>()
  expectTypeOf<'float16'>().toExtend<FrameDtype>()
  // @ts-expect-error -- not a format of numbers
  encodeFrame(explanation, {}, { dtype: 'int8' })
  // @ts-expect-error -- text is not a frame
  decodeFrame('frame')
}

export async function reports(): Promise<void> {
  const part: ReportPart = { explanation, title: 'Why an 8?', side: { labels: ['0', '1'] } }
  expectTypeOf(
    await reportHtml([part, explanation, encodeFrame(explanation)], { title: 'Digits' }),
  ).toEqualTypeOf<string>()
  // @ts-expect-error -- an address must be fetched first
  await reportHtml(new URL('https://example.org/explanation.json'))
  // @ts-expect-error -- not a format of numbers
  await reportHtml(explanation, { dtype: 'int8' })
}

export function testing(): void {
  expectTypeOf(adapterCases(adapter)).toEqualTypeOf<AdapterCase[]>()
  // @ts-expect-error -- the adapter must create predictors
  adapterCases({ device: 'wasm' })
}
