import { version } from 'gradlens'
// JavaScript, because projects without TypeScript get the file as it is.
import joinColumns from '../models/join-columns.js?raw'

/** What the code of a project depends on. */
export interface CodeOptions {
  readonly title: string
  /** How the model is loaded. */
  readonly format: 'layers' | 'graph' | 'onnx'
  /** The path of the model's main file in its folder. */
  readonly model: string
  readonly output: string
  /** Whether the model has several inputs, among which the columns are divided. */
  readonly hasParts: boolean
  readonly loss: string
  readonly simFn: string
  readonly task: 'classification' | 'regression'
  /** The names of the compared parameters; null for all. */
  readonly parameters: readonly string[] | null
  readonly method: 'integrated_gradients' | 'grad_cam'
  readonly layer: string | null
  readonly steps: number
  readonly hasBaseline: boolean
  /** Whether the label of the question is given, as a regression needs. */
  readonly hasLabel: boolean
  readonly kind: string
  readonly labels: readonly string[]
  readonly features: readonly string[]
}

/** The text files of a project that explains the same example, by their paths. */
export function writeCode(options: CodeOptions): Record<string, string> {
  const { title, format } = options
  const isOnnx = format === 'onnx'
  const packages = {
    name: 'my-explanation',
    private: true,
    type: 'module',
    scripts: { start: 'vite --open', build: 'vite build' },
    dependencies: {
      ...(isOnnx ? { 'onnxruntime-web': '^1.20.0' } : { '@tensorflow/tfjs': '^4.22.0' }),
      gradlens: `^${version}`,
    },
    devDependencies: { vite: '^8.0.0' },
  }
  return {
    'package.json': `${JSON.stringify(packages, null, 2)}\n`,
    'vite.config.js': "export default { base: './', build: { target: 'es2022' } }\n",
    'index.html': writePage(title),
    'main.js': writeMain(options),
    'read-npy.js': readNpy,
    ...(options.hasParts && { 'join-columns.js': joinColumns }),
    'README.md': `# ${title}\n\nThe model and the training examples are in public/. Start the page with\n\n    npm install && npm start\n`,
  }
}

const escapeMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const writePage = (title: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <link rel="icon" href="data:," />
    <title>${escapeMarkup(title)}</title>
  </head>
  <body>
    <h1>${escapeMarkup(title)}</h1>
    <gl-explainer></gl-explainer>
    <script type="module" src="./main.js"></script>
  </body>
</html>
`

function writeMain(options: CodeOptions): string {
  const { format, output, model, loss, simFn, task, parameters, method, layer, steps } = options
  const text = (value: unknown): string => JSON.stringify(value)
  const join = (predictor: string): string =>
    options.hasParts ? `joinColumns(${predictor})` : predictor
  const predictor = {
    layers: [
      `const model = await tf.loadLayersModel('model/${model}')`,
      `const predictor = ${join(`tfjsPredictor(model, { output: ${text(output)} })`)}`,
    ],
    graph: [
      `const model = await tf.loadGraphModel('model/${model}')`,
      `const predictor = ${join(`tfjsPredictor(model, { output: ${text(output)} })`)}`,
    ],
    onnx: [
      'ort.env.wasm.wasmPaths = { wasm: wasmUrl }',
      `const predictor = ${join(`await onnxPredictor(ort, 'model/${model}', { output: ${text(output)} })`)}`,
    ],
  }[format]
  const imports =
    format === 'onnx'
      ? [
          "import * as ort from 'onnxruntime-web/wasm'",
          "import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'",
          "import { onnxPredictor } from 'gradlens/onnx'",
        ]
      : [
          "import * as tf from '@tensorflow/tfjs'",
          "import { tfjsPredictor } from 'gradlens/tfjs'",
          "import 'gradlens/wasm'",
        ]
  const arrays = [
    ['xTrain', 'x-train'],
    ['yTrain', 'y-train'],
    ['x', 'x'],
    ...(options.hasLabel ? [['y', 'y']] : []),
    ...(options.hasBaseline ? [['baselines', 'baseline']] : []),
  ]
  return [
    `import { ${method === 'grad_cam' ? 'GradCam, GradientSimilarity' : 'GradientSimilarity, IntegratedGradients'} } from 'gradlens'`,
    ...imports,
    "import 'gradlens/elements/define'",
    ...(options.hasParts ? ["import { joinColumns } from './join-columns.js'"] : []),
    "import { readNpy } from './read-npy.js'",
    '',
    ...predictor,
    ...arrays.map(([name, file]) => `const ${name} = await readNpy('data/${file}.npy')`),
    '',
    "const explainer = document.querySelector('gl-explainer')",
    'Object.assign(explainer, {',
    `  kind: ${text(options.kind)},`,
    `  labels: ${text(options.labels)},`,
    `  features: ${text(options.features)},`,
    `  similarity: new GradientSimilarity(predictor, ${text(loss)}, {`,
    `    simFn: ${text(simFn)},`,
    `    task: ${text(task)},`,
    '    precomputeGrads: true,',
    ...(parameters === null
      ? []
      : [`    parameters: (name) => ${text(parameters)}.includes(name),`]),
    '  }),',
    method === 'grad_cam'
      ? '  attribution: new GradCam(predictor),'
      : `  attribution: new IntegratedGradients(predictor, { nSteps: ${steps}${layer === null ? '' : `, layer: ${text(layer)}`} }),`,
    ...(options.hasBaseline ? ['  attributionOptions: { baselines },'] : []),
    '  xTrain,',
    '  yTrain,',
    '  x,',
    ...(options.hasLabel ? ['  y,'] : []),
    '})',
    '',
  ].join('\n')
}

const readNpy = `/** Reads an array that the page Yours wrote: float32 or int32, as { data, shape }. */
export async function readNpy(file) {
  const buffer = await (await fetch(file)).arrayBuffer()
  const length = new DataView(buffer).getUint16(8, true)
  const header = new TextDecoder().decode(new Uint8Array(buffer, 10, length))
  const Numbers = header.includes('<i4') ? Int32Array : Float32Array
  const shape = header.match(/\\(([^)]*)\\)/)[1].match(/\\d+/g).map(Number)
  return { data: new Numbers(buffer.slice(10 + length)), shape }
}
`
