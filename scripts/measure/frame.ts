import process from 'node:process'
import { Explanation } from 'gradlens'
import { decodeFrame, encodeFrame } from 'gradlens/frame'

/**
 * Prints the processor time, in ms, of writing and reading the attributions of eight images of 224
 * × 224 × 3 as JSON and as a frame: `npx tsx scripts/measure/frame.ts`. Each figure is the least of
 * seven.
 */
const shape = [8, 224, 224, 3]
const random = (): { data: Float32Array; shape: number[] } => ({
  data: Float32Array.from({ length: 8 * 224 * 224 * 3 }, () => (Math.random() - 0.5) * 1e-3),
  shape,
})
const explanation = {
  meta: { name: 'IntegratedGradients', type: ['whitebox'], explanations: ['local'], params: {} },
  data: { attributions: [random()], x: random() },
}

function measure(work: () => unknown): string {
  const times = Array.from({ length: 7 }, () => {
    const start = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  })
  return `${Math.min(...times).toFixed(1)} ms`
}

const megabytes = (length: number): string => `${(length / 1e6).toFixed(1)} MB`

const frame = encodeFrame(explanation)
const small = encodeFrame(explanation, {}, { dtype: 'float16' })
const shown = decodeFrame(frame).explanation
const text = JSON.stringify(shown)
for (const [what, size, write, read] of [
  ['frame', frame.length, () => encodeFrame(explanation), () => decodeFrame(frame)],
  [
    'frame, float16',
    small.length,
    () => encodeFrame(explanation, {}, { dtype: 'float16' }),
    () => decodeFrame(small),
  ],
  [
    'JSON, Explanation.fromJSON',
    text.length,
    () => JSON.stringify(shown),
    () => Explanation.fromJSON(text),
  ],
  ['JSON, JSON.parse alone', text.length, () => null, (): unknown => JSON.parse(text)],
] as const) {
  const line = `${what}: ${megabytes(size)}, written in ${measure(write)}, read in ${measure(read)}`
  process.stdout.write(`${line}\n`)
}
