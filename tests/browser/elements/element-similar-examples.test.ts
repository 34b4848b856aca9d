import 'gradlens/elements/define'
import type { GlSimilarExamples, SelectedExample } from 'gradlens/elements'
import { userEvent } from 'vitest/browser'
import { expect, it } from 'vitest'
import { mounted, textsOf, within } from '../../support/elements/mounted.js'
import {
  exampleLabels,
  examplePredictions,
  exampleScores,
  rankingJson,
} from '../../support/gradients/ranking-fixtures.js'

const names = ['zero', 'one', 'two']
const given = {
  explanation: rankingJson(),
  trainLabels: exampleLabels,
  trainPredictions: examplePredictions,
  labels: names,
  predicted: 1,
}
const best = [6, 4, 8, 2, 10]
const worst = [1, 11, 9, 5, 7]

const numbersOf = (element: GlSimilarExamples): number[] =>
  textsOf(element, '.card .number').map((text) => Number(text.replace('no. ', '')))

/** The share of its track at which a bar or zero line begins and ends. */
function placeOf(mark: Element): { start: number; end: number } {
  const track = mark.closest('.track')!.getBoundingClientRect()
  const { left, right } = mark.getBoundingClientRect()
  const share = (at: number): number => (at - track.left) / track.width
  return { start: share(left), end: share(right) }
}

/** Half a device's pixel in the narrowest track. */
const shareTolerance = 2

it('shows both ends of the order, with labels, predictions and scores', async () => {
  const element = await mounted('gl-similar-examples', given)
  expect(numbersOf(element)).toEqual([...best, ...worst])
  expect(textsOf(element, '.pictures .score')).toEqual(
    [...best, ...worst].map((i) => exampleScores[i]!.toFixed(2).replace('-', '−')),
  )
  expect(textsOf(element, '.card .label')).toEqual(
    [...best, ...worst].map((i) => `labelled ${names[exampleLabels[i]!]!}`),
  )
  expect(textsOf(element, '.says.differs')).toEqual(['≠ model says two'])
  expect(textsOf(element, '.end-title')).toEqual([
    'Most similar',
    'Least similar',
    'Mean score per class of 4 training examples each',
  ])
})

it('marks the label to check, and names it in words', async () => {
  const predictions = examplePredictions.map((label, i) => (i === 2 ? 1 : label))
  const element = await mounted('gl-similar-examples', {
    ...given,
    explanation: rankingJson(
      exampleScores.map((score) => 0.5 + score / 8),
      { params: { sim_fn_name: 'grad_cos' } },
    ),
    trainPredictions: predictions,
  })
  const marked = within(element, '.suspect').map((mark) =>
    mark.closest('.card')?.querySelector('.number')?.textContent.trim(),
  )
  expect(marked).toEqual(['no. 2'])
  expect(textsOf(element, 'figcaption')[0]).toContain(
    'No. 2 is labelled zero, unlike the others, which are labelled one: check its label.',
  )
  element.trainPredictions = examplePredictions
  await element.updateComplete
  expect(within(element, '.suspect')).toEqual([])
})

it.each(['image', 'tabular'] as const)(
  'shows the mean ranks of suspect labels as numbers, without bars, for %s data',
  async (kind) => {
    const { meta } = rankingJson()
    const order = [...best, 0, 3, 7, 5, 9, 11, 1]
    const data = { scores: exampleScores, ordered_indices: order }
    const explanation = { meta: { ...meta, name: 'rankSuspectLabels' }, data }
    const element = await mounted('gl-similar-examples', { ...given, kind, explanation })
    expect(within(element, '.track')).toEqual([])
    expect(textsOf(element, '.score')).toEqual(best.map((i) => exampleScores[i]!.toFixed(2)))
    const svg = element.toSVG()
    expect(svg).toContain('Most suspect labels')
    // The paper.
    expect(svg.match(/<rect/g)).toHaveLength(1)
  },
)

it('draws all bars on one scale, from one zero', async () => {
  const element = await mounted('gl-similar-examples', given)
  // Five in a row.
  element.style.width = '1100px'
  const zeros = within(element, '.pictures .zero').map((zero) => placeOf(zero).start)
  // The scale goes from −2 to 4.
  for (const zero of zeros) expect(zero).toBeCloseTo(1 / 3, shareTolerance)
  const bars = within(element, '.pictures .bar').map(placeOf)
  ;[...best, ...worst]
    .map((i) => exampleScores[i]!)
    .filter((score) => score !== 0)
    .forEach((score, i) => {
      const end = 1 / 3 + score / 6
      const extremes = [Math.min(1 / 3, end), Math.max(1 / 3, end)] as const
      expect(bars[i]!.start).toBeCloseTo(extremes[0], shareTolerance)
      expect(bars[i]!.end).toBeCloseTo(extremes[1], shareTolerance)
    })
  const tops = within(element, '.pictures .track').map((track) =>
    Math.round(track.getBoundingClientRect().top),
  )
  expect(new Set(tops).size).toBe(2)
})

it('shows the mean scores of the classes on a separate scale', async () => {
  const element = await mounted('gl-similar-examples', given)
  expect(textsOf(element, '.mean')).toEqual(['zero 0.56', 'one 2.50', 'two −1.25'])
  expect(textsOf(element, '.mean[data-predicted] .mean-label')).toEqual(['one'])
  const [zero] = within(element, '.mean .zero').map((mark) => placeOf(mark).start)
  expect(zero).toBeCloseTo(1.25 / 3.75, shareTolerance)
})

it('paints each picture with its own pixels, in greys or as ink on paper', async () => {
  const element = await mounted('gl-similar-examples', given)
  const pixelsOf = (at: number): number[] => {
    const canvas = within<HTMLCanvasElement>(element, 'canvas')[at]!
    return [...canvas.getContext('2d')!.getImageData(0, 0, 2, 2).data]
  }
  const grey = (share: number): number[] => [...Array<number>(3).fill(Math.round(255 * share)), 255]
  expect(pixelsOf(0)).toEqual([6 / 16, 0, 1, 0.5].flatMap(grey))
  expect(pixelsOf(5)).toEqual([1 / 16, 0, 1, 0.5].flatMap(grey))

  element.ink = true
  await element.updateComplete
  expect(pixelsOf(0).slice(4, 12)).toEqual([255, 255, 255, 255, 23, 23, 28, 255])
  element.range = [0, 2]
  await element.updateComplete
  expect(pixelsOf(0).slice(8, 11)).toEqual([139, 139, 142])
})

it('chooses an example by pointer or keys, with one stop of the Tab key', async () => {
  const element = await mounted('gl-similar-examples', { ...given, selectable: true })
  const chosen: SelectedExample[] = []
  document.body.addEventListener('gl-example-select', ({ detail }) => chosen.push(detail), {
    once: true,
  })
  const cards = (): HTMLElement[] => within(element, 'button.card')
  const stops = (): number[] => cards().flatMap((card, i) => (card.tabIndex === 0 ? [i] : []))
  expect(stops()).toEqual([0])

  await userEvent.click(cards()[3]!)
  await element.updateComplete
  expect(chosen).toEqual([{ index: 2, score: 1.5, label: 0, end: 'most', rank: 3 }])
  expect(element.selected).toBe(2)
  expect(cards().map((card) => card.ariaPressed === 'true')).toEqual(cards().map((_, i) => i === 3))
  expect(stops()).toEqual([3])

  await userEvent.keyboard('{ArrowRight}{ArrowDown}')
  await element.updateComplete
  expect(stops()).toEqual([5])
  element.addEventListener('gl-example-select', ({ detail }) => chosen.push(detail))
  await userEvent.keyboard('{Enter}')
  expect(chosen.at(-1)).toEqual({ index: 1, score: -2, label: 2, end: 'least', rank: 0 })
  await userEvent.keyboard('{End}')
  await element.updateComplete
  expect(stops()).toEqual([9])
  await userEvent.keyboard('{Home}')
  expect(element.shadowRoot?.activeElement).toBe(cards()[0])
})

it('keeps a stop for the Tab key when fewer examples are shown', async () => {
  const element = await mounted('gl-similar-examples', { ...given, selectable: true })
  within(element, 'button.card')[9]!.focus()
  await element.updateComplete
  element.explanation = rankingJson(exampleScores, { topK: 1 })
  await element.updateComplete
  expect(within(element, 'button.card').map(({ tabIndex }) => tabIndex)).toEqual([-1, 0])
  // Two of the twelve, so that the least similar are not known.
  element.explanation = rankingJson([1, 2], { topK: 1 })
  await element.updateComplete
  expect(within(element, 'button.card').map(({ tabIndex }) => tabIndex)).toEqual([0])
})

it('shows texts one below the other, shortened until they are chosen', async () => {
  const long = 'a sentence that goes on and on, '.repeat(60)
  const examples = exampleScores.map((_, i) => (i === 6 ? long : `text ${i}`))
  const element = await mounted('gl-similar-examples', {
    ...given,
    explanation: rankingJson(exampleScores, { examples: null }),
    examples,
    selectable: true,
  })
  const [first] = within(element, '.text')
  expect(first?.textContent).toBe(long)
  const cut = first!.getBoundingClientRect().height
  expect(first!.scrollHeight).toBeGreaterThan(cut)
  within(element, 'button.card')[0]!.click()
  await element.updateComplete
  expect(first!.getBoundingClientRect().height).toBeGreaterThan(2 * cut)
})

it('shows rows as a table, with the names of their features', async () => {
  const element = await mounted('gl-similar-examples', {
    ...given,
    explanation: rankingJson(exampleScores, {
      examples: exampleScores.map((_, i) => [i, 100 - i / 4]),
    }),
    features: ['age (years)', 'height (cm)'],
    selectable: true,
  })
  const rows = within(element, '.rows tr').map((row) =>
    [...row.querySelectorAll('th, td')].map((cell) => cell.textContent.replace(/\s+/g, ' ').trim()),
  )
  expect(rows[0]).toEqual(['no.', 'score', 'label', 'model says', 'age (years)', 'height (cm)'])
  expect(rows[1]).toEqual(['Most similar'])
  expect(rows[2]).toEqual(['6', '4.00', 'one', 'one', '6', '98.5'])
  expect(rows[7]).toEqual(['Least similar'])
  const numbers = within(element, '.number-button')
  expect(numbers.map(({ tabIndex }) => tabIndex).filter((index) => index === 0)).toEqual([0])
  numbers[2]!.click()
  expect(element.selected).toBe(8)
})

it.each([1280, 700, 358])(
  'aligns the columns of both ends, and shows number, name and score first, at %d pixels',
  async (width) => {
    // The least similar have longer texts and numbers than the most similar.
    const examples = exampleScores.map((score, i) => [
      score < 0 ? `a car with quite a long name, the ${i}th` : `car ${i}`,
      score < 0 ? 123_456.5 + i : i,
      score < 0 ? 'a distant country' : 'here',
    ])
    const element = await mounted('gl-similar-examples', {
      ...given,
      explanation: rankingJson(exampleScores, { examples: null }),
      examples,
      kind: 'tabular',
    })
    element.style.width = `${width}px`
    const rows = within(element, 'tr[part="example"]')
    expect(rows).toHaveLength(10)
    const edges = rows.map((row) =>
      [...row.children].map((cell) => {
        const { left, right } = cell.getBoundingClientRect()
        return [left, right]
      }),
    )
    for (const each of edges) expect(each).toEqual(edges[0])
    const { right } = element.getBoundingClientRect()
    expect(edges[0]![2]![1]).toBeLessThanOrEqual(right + 0.5)
  },
)

it('shows pictures from addresses, which are never read as HTML', async () => {
  const address = '"><img src=x onerror="window.wasParsed = true">'
  const element = await mounted('gl-similar-examples', {
    ...given,
    kind: 'image',
    examples: exampleScores.map(() => address),
  })
  const images = within<HTMLImageElement>(element, 'img')
  expect(images).toHaveLength(10)
  expect(images[0]?.getAttribute('src')).toBe(address)
  element.examples = null
  element.urlTemplate = 'data:,{id}'
  await element.updateComplete
  expect(images[0]?.src).toBe('data:,6')
  expect('wasParsed' in window).toBe(false)
})

it('draws time series as lines, one below the other, that break where a value is missing', async () => {
  const days = exampleScores.map((_, i) =>
    Array.from({ length: 6 }, (_, hour) => [hour + i, hour === 3 ? NaN : -hour]),
  )
  const explanation = rankingJson(exampleScores, { examples: days })
  const element = await mounted('gl-similar-examples', { explanation, kind: 'series' })
  const series = within(element, 'svg.series')
  expect(series).toHaveLength(10)
  const lines = [...series[0]!.querySelectorAll('polyline')].map(({ points }) =>
    [...points].map(({ x, y }) => [x, y] as const),
  )
  expect(lines.map((points) => points.length)).toEqual([6, 3, 2])
  expect(lines[0]!.every(([, y]) => y > 0 && y < 0.5)).toBe(true)
  expect(lines.slice(1).every((points) => points.every(([, y]) => y > 0.5 && y < 1))).toBe(true)
  // Rising values rise on the page, in a range that all examples share.
  expect(lines[0]![0]![1]).toBeGreaterThan(lines[0]![5]![1])
  const first = (at: number): number => series[at]!.querySelector('polyline')!.points[0]!.y
  expect(first(0)).not.toBe(first(1))
  expect(element.toSVG()).toContain('polyline')
})

it('says that the least similar are not ranked if only the top was kept', async () => {
  const json = rankingJson()
  const top = { scores: [[4, 3]], ordered_indices: [[6, 4]] }
  const element = await mounted('gl-similar-examples', {
    ...given,
    explanation: { ...json, data: { ...json.data, ...top } },
    selectable: true,
  })
  expect(within(element, 'button.card')).toHaveLength(2)
  expect(textsOf(element, '.end:last-child .number')).toEqual(Array(5).fill('not ranked'))
  expect(textsOf(element, '.end:last-child .score')).toEqual(Array(5).fill('score not kept'))
  expect(within(element, '.means')).toEqual([])
})

it('reserves the places of pictures before they load', async () => {
  const element = await mounted('gl-similar-examples', { kind: 'image' })
  expect(within(element, '.picture-place')).toHaveLength(10)
  const sizes = (): number[][] =>
    within(element, '.picture-place').map((place) => {
      const { width, height } = place.getBoundingClientRect()
      return [width, height]
    })
  element.style.display = 'block'
  for (const width of [200, 320, 800, 1200]) {
    element.style.inlineSize = `${width}px`
    const before = sizes()
    element.explanation = rankingJson()
    await element.updateComplete
    expect(sizes()).toEqual(before)
    element.explanation = null
    await element.updateComplete
  }
  element.kind = null
  await element.updateComplete
  expect(textsOf(element, '.notice')).toEqual(['No training examples yet.'])
})

it('reports what is wrong with labels and kinds', async () => {
  const element = await mounted('gl-similar-examples', {
    ...given,
    trainLabels: 7 as unknown as null,
  })
  expect(textsOf(element, '[role="alert"]')[0]).toContain('trainLabels: got 7; expected')
  element.trainLabels = exampleLabels
  element.kind = 'sound' as 'text'
  await element.updateComplete
  expect(textsOf(element, '[role="alert"]')[0]).toContain("kind: got 'sound'")
  element.kind = 'image'
  await element.updateComplete
  expect(element.state).toBe('ready')
})

it('writes everything that it shows into its table', async () => {
  const element = await mounted('gl-similar-examples', given)
  const lines = element.toCSV().trimEnd().split('\r\n')
  expect(lines).toHaveLength(1 + 10 + 3)
  expect(lines[4]).toBe('most similar,4,2,1.5,zero,zero,1')
  expect(lines.at(-2)).toBe('mean of class,,,2.5,one,,4')
})

it('folds the least similar and the means, and makes them reachable by keyboard when open', async () => {
  const element = await mounted('gl-similar-examples', {
    ...given,
    folded: true,
    selectable: true,
  })
  const fold = within<HTMLDetailsElement>(element, 'details.fold')[0]!
  expect(fold.open).toBe(false)
  expect(textsOf(element, '.ends:not(.fold .ends) .end-title')).toEqual(['Most similar'])
  expect(textsOf(element, 'figcaption')[0]).not.toContain('least similar')
  expect(textsOf(element, 'details.fold')[0]).toContain('The least similar are labelled')
  fold.open = true
  const stops = within(element, '[data-stop][tabindex="0"]')
  expect(stops.map((stop) => stop.dataset['index'])).toEqual([String(best[0]), String(worst[0])])
})

it('reports the example under the pointer or in focus once', async () => {
  const element = await mounted('gl-similar-examples', { ...given, selectable: true })
  const pointed: number[] = []
  element.addEventListener('gl-example-focus', ({ detail }) => pointed.push(detail.index))
  const cards = within(element, 'button.card')
  await userEvent.hover(cards[1]!)
  // The pointer may have been over another example when they appeared.
  expect(pointed.at(-1)).toBe(best[1])
  pointed.length = 0
  cards[1]!.focus()
  cards[2]!.focus()
  expect(pointed).toEqual([best[2]])
})
