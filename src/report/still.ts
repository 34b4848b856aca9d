import { describeFeatures } from '../elements/attribution-bars/sentence.js'
import {
  createFeatureAttributions,
  sortByMagnitude,
} from '../elements/attribution-bars/feature-attributions.js'
import { createPanels } from '../elements/attribution-image/layers.js'
import { sumRegions } from '../elements/attribution-image/regions.js'
import { describeMap } from '../elements/attribution-image/sentence.js'
import { createSignedMap } from '../elements/attribution-image/signed-map.js'
import { paintStrip } from '../elements/attribution-series/draw-series.js'
import { describeSeries } from '../elements/attribution-series/sentence.js'
import { createSeriesAttributions } from '../elements/attribution-series/series-attributions.js'
import { describeText } from '../elements/attribution-text/sentence.js'
import { createTokenAttributions } from '../elements/attribution-text/token-attributions.js'
import { divergingColors } from '../elements/base/color/diverging-colors.js'
import { defaultTheme } from '../elements/base/color/theme.js'
import { getArray, getExampleAt } from '../elements/base/explanation-source.js'
import {
  createImage,
  createRaster,
  findRange,
  type Raster,
} from '../elements/base/picture/pixels.js'
import type { Cell, Table } from '../elements/base/table.js'
import { chooseViews, type ExplanationView } from '../elements/explanation/choose-view.js'
import { readClassProbabilities } from '../elements/probabilities/class-probabilities.js'
import { describeProbabilities } from '../elements/probabilities/sentence.js'
import { describeSimilarity } from '../elements/similar-examples/wording/sentence.js'
import { createSimilarityTable } from '../elements/similar-examples/similarity-table.js'
import { createSimilarityView } from '../elements/similar-examples/similarity-view.js'
import type { GivenExplanation } from '../explanation/read-explanation.js'
import type { FrameSide } from '../frame/frame.js'
import { drawBars, joinRasters } from './draw-bars.js'
import { readSideOptions, type SideOptions } from './side-options.js'

/** What shows an explanation where no script runs. */
export interface Still {
  /** The name of the input or layer; '' if there is one. */
  readonly title: string
  /** One or two sentences, as the element has them. */
  readonly sentence: string
  readonly picture: Raster
  readonly table: Table
}

/**
 * The pictures, sentences and tables of an explanation, one for each element that shows it, without
 * a page.
 *
 * @throws InvalidArgumentError if no element shows it
 */
export function createStills(explanation: GivenExplanation, side: FrameSide): Still[] {
  const options = readSideOptions(side)
  const views = chooseViews(explanation, {
    kind: options.kind,
    input: options.input,
    hasTokens: options.tokens !== null,
    hasTimes: options.times.length > 0,
  })
  return views.map((view) => ({ title: view.title, ...createStill(explanation, view, options) }))
}

type Content = Omit<Still, 'title'>

function createStill(
  explanation: GivenExplanation,
  { tag, input = 0 }: ExplanationView,
  options: SideOptions,
): Content {
  const own = { ...options, input }
  switch (tag) {
    case 'gl-attribution-image':
      return drawImage(explanation, own)
    case 'gl-attribution-series':
      return drawSeries(explanation, own)
    case 'gl-attribution-text':
      return drawText(explanation, own)
    case 'gl-attribution-bars':
      return drawFeatures(explanation, own)
    case 'gl-probabilities':
      return drawProbabilities(explanation, own)
    case 'gl-similar-examples':
      return drawSimilar(explanation, own)
  }
}

type Own = SideOptions & { readonly input: number }

const colorOf = divergingColors('PuOr', defaultTheme)
const bars = {
  positive: defaultTheme.positive,
  negative: defaultTheme.negative,
  ink: defaultTheme.ink,
}

function drawImage(explanation: GivenExplanation, options: Own): Content {
  const map = createSignedMap(explanation, { ...options, image: null, sign: 'all', clip: 99 })
  const panels = createPanels(map, {
    layout: 'side-by-side',
    theme: defaultTheme,
    colorOf,
    ink: false,
  })
  const name = map.target ?? 'a higher output'
  return {
    sentence: describeMap(map, 'all'),
    picture: joinRasters(panels.flat(), Math.ceil(map.width / 14)),
    table: {
      caption: 'The sums of the attributions in each ninth of the image',
      columns: ['place', `for ${name}`, `against ${name}`],
      rows: sumRegions(map.values, map.width, map.height).map((region) => [
        region.name,
        region.forIt,
        -region.againstIt,
      ]),
    },
  }
}

function drawSeries(explanation: GivenExplanation, options: Own): Content {
  const view = createSeriesAttributions(explanation, { ...options, clip: 100 })
  const strips = view.features.map((feature) => paintStrip(feature, view.limit, colorOf))
  const picture = createRaster(view.times.length, strips.length)
  strips.forEach((strip, row) => {
    picture.data.set(strip.data, row * strip.data.length)
  })
  const name = view.target ?? 'a higher output'
  return {
    sentence: describeSeries(view),
    picture,
    table: {
      caption: 'The sums of the attributions of each feature',
      columns: ['feature', `for ${name}`, `against ${name}`],
      rows: view.features.map((each) => [each.name, each.forIt, -each.againstIt]),
    },
  }
}

function drawText(explanation: GivenExplanation, options: Own): Content {
  const view = createTokenAttributions(explanation, { ...options, sign: 'all', clip: 100 })
  const shown = view.tokens.filter(({ token }) => token !== '')
  const picture = createRaster(Math.max(1, shown.length), 1)
  shown.forEach(({ share }, at) => {
    picture.data.set([...colorOf(share), 255], at * 4)
  })
  return {
    sentence: describeText(view, 'all'),
    picture,
    table: {
      caption: 'The attribution of each word',
      columns: ['word', 'attribution'],
      rows: shown.map(({ token, value }) => [token, value]),
    },
  }
}

function drawFeatures(explanation: GivenExplanation, options: Own): Content {
  const view = createFeatureAttributions(explanation, { ...options, values: null })
  const sorted = sortByMagnitude(view.features)
  return {
    sentence: describeFeatures(view),
    picture: drawBars(
      sorted.map(({ attribution }) => attribution),
      bars,
    ),
    table: {
      caption: 'The attribution of each feature',
      columns: ['feature', 'value', 'attribution'],
      rows: sorted.map(({ name, value, attribution }): Cell[] => [name, value ?? '', attribution]),
    },
  }
}

function drawProbabilities(explanation: GivenExplanation, { index, labels }: Own): Content {
  const outputs = getArray(explanation, 'predictions', 'the model outputs [examples, classes]')
  const view = readClassProbabilities(getExampleAt(outputs, index), labels)
  return {
    sentence: describeProbabilities(view, null),
    picture: drawBars(
      view.classes.map(({ probability }) => probability),
      { ...bars, positive: defaultTheme.accent },
    ),
    table: {
      caption: 'The probability of each class',
      columns: ['class', 'probability'],
      rows: view.classes.map(({ label, probability }) => [label, probability]),
    },
  }
}

function drawSimilar(explanation: GivenExplanation, options: Own): Content {
  const view = createSimilarityView(explanation, {
    ...options,
    examples: null,
    urlTemplate: null,
    trainSuspects: null,
    count: null,
  })
  const images = view.most.flatMap(({ content }) =>
    content.kind === 'image' ? [content.pixels] : [],
  )
  const range = findRange(images.flatMap(({ data }) => Array.from(data)))
  const rasters = images.map((pixels) => createImage(pixels, range))
  const scores = [...view.most, ...view.least].map(({ score = NaN }) => score)
  return {
    sentence: describeSimilarity(view),
    picture:
      rasters.length > 0
        ? joinRasters(rasters, Math.ceil(rasters[0]!.width / 14))
        : drawBars(scores, bars),
    table: createSimilarityTable(view),
  }
}
