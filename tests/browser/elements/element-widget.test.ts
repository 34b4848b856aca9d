import { version } from 'gradlens'
import {
  type GlExplainer,
  type GlExplanation,
  mountExplanation,
  renderWidget,
  type WidgetModel,
} from 'gradlens/elements'
import 'gradlens/elements/define'
import { encodeFrame } from 'gradlens/frame'
import { expect, it, onTestFinished } from 'vitest'
import { carExplanation, carFeatures } from '../../support/elements/element-fixtures.js'
import { map, ranking } from '../../support/elements/fake-explainers.js'
import { textsOf, within } from '../../support/elements/mounted.js'

type Listener = (...args: unknown[]) => void

/** A model as notebooks give it to a widget. */
class FakeModel implements WidgetModel {
  readonly sent: Record<string, unknown>[] = []
  readonly listeners = new Map<string, Set<Listener>>()
  saved: unknown[] = []
  readonly #values: Record<string, unknown>

  constructor(values: Record<string, unknown>) {
    this.#values = values
  }

  get(name: string): unknown {
    return this.#values[name]
  }

  set(name: string, value: unknown): void {
    this.#values[name] = value
    for (const listener of this.listeners.get(`change:${name}`) ?? []) listener()
  }

  save_changes(): void {
    this.saved.push(this.#values['selected'])
  }

  send(content: unknown): void {
    this.sent.push(content as Record<string, unknown>)
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener))
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener)
  }

  receive(content: object, ...buffers: ArrayBufferView[]): void {
    for (const listener of this.listeners.get('msg:custom') ?? []) listener(content, buffers)
  }

  get listenerCount(): number {
    return [...this.listeners.values()].reduce((sum, { size }) => sum + size, 0)
  }
}

/** As anywidget passes bytes: a DataView at any offset. */
function toView(bytes: Uint8Array): DataView {
  const shifted = new Uint8Array(bytes.length + 5)
  shifted.set(bytes, 5)
  return new DataView(shifted.buffer, 5)
}

function createPlace(): HTMLElement {
  const el = document.createElement('div')
  document.body.append(el)
  onTestFinished(() => {
    el.remove()
  })
  return el
}

const settle = async (element: GlExplanation | GlExplainer): Promise<void> => {
  await new Promise((resolve) => setTimeout(resolve))
  await element.updateComplete
}

const car = encodeFrame(carExplanation(), { features: carFeatures })

it('shows the frame of a widget, follows its traits, and leaves nothing behind', async () => {
  const model = new FakeModel({ frame: toView(car), options: { top: 2 }, parts: [], version })
  const el = createPlace()
  const dispose = renderWidget({ model, el })
  const element = el.querySelector('gl-explanation')!
  await settle(element)
  expect(element.theme).toBe('light')
  const namesOf = (): string[] =>
    textsOf(within(element, '[data-view]')[0]!, '.name > :first-child')
  expect(namesOf()).toEqual(['weight', 'model year'])
  model.set('options', { features: carFeatures.map((name) => `my ${name}`), top: 1 })
  await settle(element)
  expect(namesOf()).toEqual(['my weight'])
  model.set('frame', new DataView(new ArrayBuffer(0)))
  await settle(element)
  expect(element.state).toBe('empty')
  dispose()
  expect(el.children).toHaveLength(0)
  expect(model.listenerCount).toBe(0)
})

it('reports the training example that the user selects', async () => {
  const frame = encodeFrame(ranking, { train_labels: { data: new Int32Array(12), shape: [12] } })
  const model = new FakeModel({ frame: toView(frame), options: { labels: ['a'] }, parts: [] })
  const el = createPlace()
  onTestFinished(renderWidget({ model, el }))
  const element = el.querySelector('gl-explanation')!
  await settle(element)
  within(within(element, '[data-view]')[0]!, '[data-stop]')[1]!.click()
  expect(model.saved).toEqual([
    {
      index: expect.any(Number) as number,
      score: expect.any(Number) as number,
      label: 0,
      rank: 1,
      end: 'most',
    },
  ])
})

/** An explainer whose functions are in the kernel. */
async function ask(
  parts: readonly string[],
): Promise<{ model: FakeModel; element: GlExplainer; dispose: () => void }> {
  const model = new FakeModel({
    parts,
    question: toView(
      encodeFrame({
        meta: { params: {} },
        data: { x: { data: new Float32Array(4), shape: [1, 2, 2] } },
      }),
    ),
    options: { labels: ['a', 'b', 'c'], kind: 'image' },
  })
  const el = createPlace()
  const dispose = renderWidget({ model, el })
  onTestFinished(dispose)
  const element = el.querySelector('gl-explainer')!
  await settle(element)
  return { model, element, dispose }
}

const predictions = encodeFrame({
  meta: { params: {} },
  data: { predictions: { data: Float32Array.of(0.1, 0.3, 0.6), shape: [1, 3] } },
})

it('asks the kernel for the prediction, then for its attribution and the similar examples', async () => {
  const { model, element } = await ask(['predict', 'attribution', 'similarity'])
  expect(model.sent).toEqual([
    { type: 'call', id: 1, part: 'similarity', target: null },
    { type: 'call', id: 2, part: 'predict', target: null },
  ])
  model.receive({ type: 'result', id: 2 }, toView(predictions))
  await settle(element)
  expect(model.sent.at(-1)).toEqual({ type: 'call', id: 3, part: 'attribution', target: 2 })
  const progress: number[] = []
  element.addEventListener('gl-explain-progress', ({ detail }) => progress.push(detail.done))
  model.receive({ type: 'progress', id: 3, phase: 'explain', done: 10, total: 50 })
  model.receive({ type: 'result', id: 3 }, toView(encodeFrame(map)))
  model.receive({ type: 'result', id: 1 }, toView(encodeFrame(ranking)))
  await settle(element)
  expect(progress).toEqual([10])
  const states = within<GlExplanation>(
    element,
    'gl-probabilities, gl-attribution-image, gl-similar-examples',
  )
  expect(states.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready'])
})

it('cancels in the kernel, ignores late answers, and shows exceptions in place', async () => {
  const { model, element } = await ask(['attribution'])
  element.cancel()
  expect(model.sent.at(-1)).toEqual({ type: 'cancel', id: 1 })
  model.receive({ type: 'result', id: 1 }, toView(encodeFrame(map)))
  await settle(element)
  expect(within<GlExplanation>(element, 'gl-attribution-image')[0]!.state).toBe('empty')

  void element.explain()
  await settle(element)
  model.receive({
    type: 'error',
    id: 2,
    name: 'ValueError',
    message: 'x has 3 columns, not <b>2</b>.',
  })
  await settle(element)
  expect(textsOf(within(element, 'gl-progress')[0]!, '[role="status"]')[0]).toContain(
    'x has 3 columns, not <b>2</b>.',
  )
})

it("reports an answer of the kernel that it can't show", async () => {
  const { model, element } = await ask(['attribution'])
  model.receive({ type: 'result', id: 1 })
  await settle(element)
  expect(textsOf(within(element, 'gl-progress')[0]!, '[role="status"]')[0]).toContain(
    'The kernel answered without a result',
  )
})

it('cancels pending calls when the widget is removed', async () => {
  const { model, dispose } = await ask(['attribution'])
  dispose()
  expect(model.sent.at(-1)).toEqual({ type: 'cancel', id: 1 })
  expect(model.listenerCount).toBe(0)
})

it('mounts an explanation with options in snake_case', async () => {
  const el = createPlace()
  const view = mountExplanation(el, encodeFrame(ranking), {
    train_labels: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1],
    labels: ['no', 'yes'],
  })
  const element = el.querySelector('gl-explanation')!
  await settle(element)
  expect(within(element, '[data-view]')[0]).toMatchObject({
    labels: ['no', 'yes'],
    selectable: false,
  })
  view.update(carExplanation())
  await settle(element)
  expect(within(element, '[data-view]').map(({ localName }) => localName)).toEqual([
    'gl-attribution-bars',
  ])
  view.dispose()
  expect(el.children).toHaveLength(0)
})
