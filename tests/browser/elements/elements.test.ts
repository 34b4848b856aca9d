import 'gradlens/elements/define'
import type { ElementState, ExplanationSource } from 'gradlens/elements'
import type { ExplanationJson } from '../../../src/explanation.js'
import { Explanation } from 'gradlens'
import { describe, expect, it, onTestFinished } from 'vitest'
import golden from '../../fixtures/alibi-golden.json'
import {
  attributionJson,
  carExplanation,
  carFeatures,
  digitExplanation,
  reviewExplanation,
  reviewTokens,
  weatherExplanation,
  weatherFeatures,
} from '../../support/elements/element-fixtures.js'
import { createDeferred } from '../../support/deferred.js'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'
import { exampleLabels, rankingJson } from '../../support/gradients/ranking-fixtures.js'

const hostile = '<img src=x onerror="window.wasParsed = true">'

const cases = {
  'gl-probabilities': {
    given: digitExplanation,
    other: () => attributionJson({ x: [[0]], attributions: [[[0]]], predictions: [[0.9, 0.1]] }),
    names: { labels: Array.from({ length: 10 }, () => hostile) },
    csv: 'class,probability',
    picked: '.row',
  },
  'gl-attribution-image': {
    given: digitExplanation,
    other: () => attributionJson({ x: [[[0]]], attributions: [[[[0.5]]]] }),
    names: { labels: Array.from({ length: 10 }, () => hostile) },
    csv: 'row,column,attribution',
    picked: '.panel',
  },
  'gl-attribution-text': {
    given: reviewExplanation,
    other: () => attributionJson({ x: [[3, 4]], attributions: [[[0.5, -1]]] }),
    names: { labels: [hostile, hostile], tokens: ['', '', ...reviewTokens.map(() => hostile)] },
    csv: 'position,token,attribution',
    picked: '[role="option"]',
  },
  'gl-attribution-bars': {
    given: carExplanation,
    other: () => attributionJson({ x: [[3, 4]], attributions: [[[0.5, -1]]] }),
    names: { features: carFeatures.map(() => hostile) },
    csv: 'feature,value,attribution',
    picked: 'li[part="row"]',
  },
  'gl-attribution-series': {
    given: weatherExplanation,
    other: () => attributionJson({ x: [[3, 4]], attributions: [[[0.5, -1]]] }),
    names: { features: weatherFeatures.map(() => hostile) },
    csv: 'feature,time,value,attribution',
    picked: '[part="strip"]',
  },
  'gl-similar-examples': {
    given: rankingJson,
    other: () => rankingJson([1, 2, 3]),
    names: {
      labels: [hostile, hostile, hostile],
      trainLabels: exampleLabels,
      examples: exampleLabels.map(() => hostile),
    },
    csv: 'what,rank,training example,score,label,model says,count',
    picked: '[part="example"]',
  },
} as const

const tags = Object.keys(cases) as (keyof typeof cases)[]

describe.each(tags)('%s', (tag) => {
  const { given, other, names, csv, picked } = cases[tag]

  it('says that it is empty, shows an explanation, and is empty again', async () => {
    const element = await mounted(tag)
    expect(element.state).toBe('empty')
    expect(element.matches(':state(empty)')).toBe(true)
    expect(textsOf(element, '.notice')).toHaveLength(1)

    element.explanation = given()
    await element.updateComplete
    expect(element.matches(':state(ready)')).toBe(true)
    expect(within(element, picked).length).toBeGreaterThan(0)
    expect(textsOf(element, 'figcaption')[0]).toMatch(/^\S.*\.$/)
    expect(within(element, 'table tbody tr').length).toBeGreaterThan(0)

    element.explanation = null
    await element.updateComplete
    expect(element.state).toBe('empty')
    expect(within(element, 'table')).toEqual([])
  })

  it('draws the same for an Explanation, its JSON, its text, and the message of a worker', async () => {
    const explanation = Explanation.fromJSON(given())
    const { meta, data } = explanation
    const sources: readonly ExplanationSource[] = [
      explanation,
      given(),
      JSON.stringify(given()),
      structuredClone({ meta, data }),
    ]
    const texts = await Promise.all(
      sources.map(async (source) => (await mounted(tag, { explanation: source })).toCSV()),
    )
    expect(new Set(texts).size).toBe(1)
  })

  it('reads its explanation from an attribute', async () => {
    const element = await mounted(tag)
    element.setAttribute('explanation', JSON.stringify(given()))
    await element.updateComplete
    expect(element.state).toBe('ready')
  })

  it('keeps the old result, dimmed, while it waits for the next', async () => {
    const element = await mounted(tag, { explanation: given() })
    const before = element.toCSV()
    const { promise, resolve } = createDeferred<ExplanationJson>()
    element.explanation = promise
    await element.updateComplete
    expect(element.matches(':state(loading)')).toBe(true)
    expect(element.toCSV()).toBe(before)

    resolve(other())
    await promise
    await element.updateComplete
    expect(element.state).toBe('ready')
    expect(element.toCSV()).not.toBe(before)
  })

  it('shows the last of several requests, whichever finishes first', async () => {
    const element = await mounted(tag)
    const [first, second] = [createDeferred<ExplanationJson>(), createDeferred<ExplanationJson>()]
    element.explanation = first.promise
    await element.updateComplete
    element.explanation = second.promise
    await element.updateComplete
    second.resolve(other())
    await second.promise
    await element.updateComplete
    const shown = element.toCSV()
    first.resolve(given())
    await first.promise
    await element.updateComplete
    expect(element.toCSV()).toBe(shown)

    first.reject(new Error('too late'))
    await element.updateComplete
    expect(element.state).toBe('ready')
  })

  it('shows why a request failed, and keeps the old result if it was stopped', async () => {
    const element = await mounted(tag, { explanation: given() })
    const before = element.toCSV()
    const controller = new AbortController()
    const stopped = createDeferred<ExplanationJson>()
    element.explanation = stopped.promise
    await element.updateComplete
    controller.abort()
    stopped.reject(controller.signal.reason)
    await stopped.promise.catch(() => undefined)
    await element.updateComplete
    expect(element.state).toBe('ready')
    expect(element.toCSV()).toBe(before)

    const failed = createDeferred<ExplanationJson>()
    element.explanation = failed.promise
    await element.updateComplete
    failed.reject(new Error(`The GPU was lost. ${hostile}`))
    await failed.promise.catch(() => undefined)
    await element.updateComplete
    expect(element.state).toBe('error')
    expect(textsOf(element, '[role="alert"]')).toEqual([`The GPU was lost. ${hostile}`])
    expect(() => element.toCSV()).toThrow('expected one that is shown')

    element.explanation = given()
    await element.updateComplete
    expect(element.state).toBe('ready')
    expect(textsOf(element, '[role="alert"]')).toEqual([])
  })

  it("reports what is wrong with a value that isn't an explanation", async () => {
    const element = await mounted(tag, { explanation: '{"meta": {}}' })
    expect(element.state).toBe('error')
    expect(textsOf(element, '[role="alert"]')[0]).toContain('expected an explanation')

    element.explanation = 7 as unknown as ExplanationSource
    await element.updateComplete
    expect(textsOf(element, '[role="alert"]')[0]).toContain('explanation: got 7')

    element.explanation = given()
    element.index = 5
    await element.updateComplete
    expect(textsOf(element, '[role="alert"]')[0]).toContain('index: got 5; expected 0 … 0')
  })

  it('fires an event for each change of its state', async () => {
    const states: ElementState[] = []
    const element = await mounted(tag)
    element.addEventListener('gl-state-change', ({ detail }) => states.push(detail.state))
    element.loading = true
    await element.updateComplete
    element.explanation = given()
    await element.updateComplete
    element.loading = false
    await element.updateComplete
    element.explanation = '{}'
    await element.updateComplete
    expect(states).toEqual(['loading', 'ready', 'error'])
  })

  it('continues when it is moved, and shows results that arrived while it was detached', async () => {
    const element = await mounted(tag, { explanation: given() })
    const { promise, resolve } = createDeferred<ExplanationJson>()
    element.explanation = promise
    element.remove()
    resolve(other())
    await promise
    document.body.append(element)
    await element.updateComplete
    expect(element.state).toBe('ready')
    expect(element.toCSV()).toBe((await mounted(tag, { explanation: other() })).toCSV())
  })

  it('leaves names that look like HTML as text', async () => {
    const element = await mounted(tag, { ...names, explanation: given() })
    await element.updateComplete
    expect(element.shadowRoot?.textContent).toContain(hostile)
    expect(within(element, 'img')).toEqual([])
    expect(element.toSVG()).not.toContain('<img')
    expect('wasParsed' in window).toBe(false)
  })

  it('saves its contents as valid CSV, SVG and PNG', async () => {
    const element = await mounted(tag, { ...names, explanation: given() })
    const text = await (await element.toBlob('text/csv')).text()
    expect(text).toBe(element.toCSV())
    const [head, ...rows] = text.trimEnd().split('\r\n')
    expect(head).toBe(csv)
    expect(rows.length).toBeGreaterThan(1)

    const svg = new DOMParser().parseFromString(element.toSVG(), 'image/svg+xml')
    expect(svg.querySelector('parsererror')).toBeNull()
    expect([svg.querySelector('title')?.textContent.replace(/\s/g, ' ')]).toEqual(
      textsOf(element, 'figcaption'),
    )
    expect(svg.querySelectorAll('text').length).toBeGreaterThan(0)

    const png = await createImageBitmap(await element.toBlob('image/png'))
    const width = Number(svg.documentElement.getAttribute('width'))
    expect(png.width).toBe(Math.round(2 * width))
    expect(png.height).toBe(Math.round(2 * Number(svg.documentElement.getAttribute('height'))))
  })

  it("keeps its text legible under a page's rules for everything, such as Gradio's", async () => {
    const sheet = document.createElement('style')
    sheet.textContent = `.prose * {
      color: rgb(244, 244, 245); font: italic 40px serif; letter-spacing: 9px; text-transform: uppercase;
    }`
    const prose = document.createElement('div')
    prose.className = 'prose'
    document.body.append(sheet, prose)
    onTestFinished(() => {
      sheet.remove()
      prose.remove()
    })
    const plain = await mounted(tag, { explanation: given() })
    const element = await mounted(tag, { explanation: given() })
    prose.append(element)
    const looks = (root: Element): string[] =>
      within(root, 'figure, figure *').map((each) => {
        const { color, fontSize, fontStyle, letterSpacing, textTransform } = getComputedStyle(each)
        return [color, fontSize, fontStyle, letterSpacing, textTransform].join(' ')
      })
    expect(looks(element)).toEqual(looks(plain))
    expect(looks(element).length).toBeGreaterThan(5)
  })

  it('follows the theme of the page, of its ancestors, and its own', async () => {
    const paperOf = (element: Element): string => getComputedStyle(element).backgroundColor
    const element = await mounted(tag, { explanation: given() })
    expect(paperOf(element)).toBe('rgb(255, 255, 255)')
    const light = element.toSVG()
    element.setAttribute('theme', 'dark')
    expect(paperOf(element)).toBe('rgb(19, 19, 23)')
    expect(element.toSVG()).not.toBe(light)
    element.removeAttribute('theme')

    document.documentElement.style.colorScheme = 'dark'
    expect(paperOf(element)).toBe('rgb(19, 19, 23)')
    element.setAttribute('theme', 'light')
    expect(element.toSVG()).toBe(light)
    document.documentElement.style.removeProperty('color-scheme')

    element.style.setProperty('--gl-paper', 'oklch(0.97 0.02 90)')
    expect(element.toSVG()).not.toBe(light)
  })
})

it('draws explanations that alibi wrote in Python', async () => {
  const { X, target, predictions, cases: methods } = golden.ig_softmax
  const { method, n_steps: steps, attributions } = methods[0]!
  const python = `{"meta": {"name": "IntegratedGradients", "type": ["whitebox"], "explanations": ["local"],
    "params": {"method": "${method}", "n_steps": ${steps}, "internal_batch_size": 100, "layer": null,
    "target_fn": null}, "version": "0.9.4"}, "data": {"attributions": [${JSON.stringify(attributions)}],
    "X": ${JSON.stringify(X)}, "forward_kwargs": [], "baselines": null, "predictions": ${JSON.stringify(predictions)},
    "deltas": [NaN, -Infinity, 0.0, 0.0, 0.0], "target": ${JSON.stringify(target)}}}`
  const bars = await mounted('gl-attribution-bars', { explanation: python, index: 2 })
  expect(bars.state).toBe('ready')
  const rows = bars.toCSV().trimEnd().split('\r\n').slice(1)
  const values = rows.map((row) => Number(row.split(',')[2]))
  const expected = [...attributions[2]!].sort((a, b) => Math.abs(b) - Math.abs(a))
  expect(values).toEqual(expected)

  const probabilities = await mounted('gl-probabilities', { explanation: python, index: 2 })
  expect(textsOf(probabilities, 'figcaption')).toEqual(['The model says 2 (94 %), then 1 (4.8 %).'])
})
