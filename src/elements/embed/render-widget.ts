import { toCamelCase } from '../../explanation/fields.js'
import { isNdArray } from '../base/explanation-source.js'
import { readExplanation } from '../base/source/open-explanation.js'
import { GlExplainer } from '../explainer/explainer.js'
import { followHost } from '../host/follow-host.js'
import { mountExplanation } from './mount-explanation.js'
import { type RemotePart, RemoteCalls } from './remote-calls.js'
import { getBytes, type WidgetModel } from './widget-model.js'

/** What anywidget passes to `render`. */
export interface WidgetContext {
  readonly model: WidgetModel
  readonly el: HTMLElement
}

/**
 * Renders an anywidget: the explanation in the trait `frame`; or, with `parts`, an explainer that
 * calls functions of the kernel. docs/embedding/elements.md describes the traits and messages.
 *
 * @returns a function that removes what was rendered
 */
export function renderWidget({ model, el }: WidgetContext): () => void {
  const parts = model.get('parts')
  return Array.isArray(parts) && parts.length > 0
    ? renderExplainer(model, el, parts as RemotePart[])
    : renderExplanation(model, el)
}

function renderExplanation(model: WidgetModel, el: HTMLElement): () => void {
  const view = mountExplanation(el, getBytes(model, 'frame'), getOptions(model), (selected) => {
    select(model, selected)
  })
  const onFrame = (): void => {
    view.update(getBytes(model, 'frame'))
  }
  const onOptions = (): void => {
    view.update(undefined, getOptions(model))
  }
  model.on('change:frame', onFrame)
  model.on('change:options', onOptions)
  return () => {
    model.off('change:frame', onFrame)
    model.off('change:options', onOptions)
    view.dispose()
  }
}

function renderExplainer(
  model: WidgetModel,
  el: HTMLElement,
  parts: readonly RemotePart[],
): () => void {
  const calls = new RemoteCalls(model)
  const element = el.ownerDocument.createElement('gl-explainer')
  if (parts.includes('predict')) {
    element.predict = async (_, call) => {
      const { predictions } = readExplanation(await calls.call('predict', call)).data
      if (isNdArray(predictions)) return predictions
      throw new TypeError("The frame that predict returned has no array 'predictions'.")
    }
  }
  if (parts.includes('attribution')) {
    element.attribution = {
      explain: (_, { target, ...call }) => calls.call('attribution', call, target ?? null),
    }
  }
  if (parts.includes('similarity')) {
    element.similarity = { explain: (_x, _y, call) => calls.call('similarity', call) }
  }
  element.addEventListener('gl-example-select', ({ detail }) => {
    const { index, score, label = null, rank, end } = detail
    select(model, { index, score, label, rank, end })
  })
  const setOptions = (): void => {
    for (const [key, value] of Object.entries(getOptions(model))) {
      const name = toCamelCase(key)
      if (GlExplainer.elementProperties.has(name))
        Object.assign(element, { [name]: value as unknown })
    }
  }
  const ask = (): void => {
    element.x = getQuestion(model)
  }
  setOptions()
  ask()
  model.on('change:options', setOptions)
  model.on('change:question', ask)
  el.append(element)
  const stop = followHost(element)
  return () => {
    model.off('change:options', setOptions)
    model.off('change:question', ask)
    stop()
    element.remove()
    calls.dispose()
  }
}

/** The example that the kernel explains: an array, or only the fact that there is one. */
function getQuestion(model: WidgetModel): unknown {
  const bytes = getBytes(model, 'question')
  if (bytes === null) return {}
  const { x } = readExplanation(bytes).data
  const example: unknown = Array.isArray(x) ? x[0] : x
  return example ?? {}
}

function getOptions(model: WidgetModel): object {
  const options = model.get('options')
  return typeof options === 'object' && options !== null ? options : {}
}

function select(model: WidgetModel, selected: object | null): void {
  model.set('selected', selected)
  model.save_changes()
}
