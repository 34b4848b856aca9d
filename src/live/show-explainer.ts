import type { GlExplainer } from '../elements/explainer/explainer.js'
import type { FrameSide } from '../frame/frame.js'
import { rows } from '../ndarray.js'
import type { NamedLoss } from '../losses/loss.js'
import type { RemoteExplainers } from '../worker/connect.js'
import type { LivePart } from './open-live-part.js'

/** Shows an explainer of the part's model in the place of the section's explanations. */
export function showExplainer(
  section: Element,
  part: LivePart,
  explainers: RemoteExplainers,
): void {
  const { data, side } = part
  const element = document.createElement('gl-explainer')
  setProperties(element, { kind: findKind(part), ...side })
  connect(element, part, explainers)
  const show = (index: number): void => {
    const example = data.examples.map((array) => rows(array, index, index + 1))
    element.x = example.length === 1 ? example[0] : example
  }
  show(0)
  const count = data.examples[0]?.shape[0] ?? 0
  for (const placeholder of section.querySelectorAll(':scope > gl-explanation')) {
    placeholder.remove()
  }
  if (count > 1) section.append(createChooser(count, show))
  section.append(element)
}

function connect(
  element: GlExplainer,
  { params, data }: LivePart,
  explainers: RemoteExplainers,
): void {
  const { attribution, layer, loss, simFn, topK, precomputeGrads } = params
  element.predict = explainers.predict
  const options = layer === null ? {} : { layer }
  if (attribution === 'integratedGradients') {
    element.attribution = explainers.integratedGradients(options)
  } else if (attribution === 'gradient') {
    element.attribution = explainers.gradient(options)
  }
  const { trainExamples, trainLabels } = data
  if (trainExamples === null || trainLabels === null) return
  element.similarity = explainers.gradientSimilarity(loss as NamedLoss, {
    simFn: simFn as 'grad_cos',
    precomputeGrads,
  })
  element.similarityOptions = { topK }
  element.xTrain = trainExamples.length === 1 ? trainExamples[0] : trainExamples
  element.yTrain = trainLabels
}

/** Sets the properties that the element has. */
function setProperties(element: GlExplainer, side: FrameSide): void {
  const { elementProperties } = element.constructor as typeof GlExplainer
  for (const [name, value] of Object.entries(side)) {
    if (elementProperties.has(name)) Object.assign(element, { [name]: value })
  }
}

/** What the examples are, where the report doesn't say: by the number of their axes. */
function findKind({ data, side }: LivePart): GlExplainer['kind'] {
  if (Array.isArray(side['tokens'])) return 'text'
  return (data.examples[0]?.shape.length ?? 0) > 2 ? 'image' : 'tabular'
}

function createChooser(count: number, onChoose: (index: number) => void): HTMLElement {
  const label = document.createElement('label')
  const input = document.createElement('input')
  Object.assign(input, { type: 'number', min: '1', max: `${count}`, value: '1' })
  input.addEventListener('change', () => {
    if (input.reportValidity()) onChoose(input.valueAsNumber - 1)
  })
  label.append('Example ', input, ` of ${count}`)
  return label
}
