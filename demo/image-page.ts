import { GlAttributionImage, GlProbabilities, GlSimilarExamples } from 'gradlens/elements'
import { drawImage } from './charts/pixel-canvas.js'
import {
  imageInput,
  imageSize,
  imageOf,
  loadImages,
  loadTraining,
  type ImageSet,
  type Training,
} from './data/images.js'
import { find, findAll, setText } from './dom.js'
import { ExplainedPage } from './explained-page.js'
import { encodeOneHot } from './explaining/label-arrays.js'
import { describeModel, describeDelta } from './text/facts.js'
import { createStrip, type Strip } from './views/strip.js'

export interface ImagePageOptions {
  readonly dataSet: 'mnist' | 'garments'
  readonly noun: { readonly one: string; readonly many: string }
  readonly classNames: readonly string[]
  /** Called when a held-out image replaces an image that the user made. */
  readonly picked?: () => void
}

export interface ImagePage {
  /** Explains an image that the user made; undefined clears the question. */
  ask(pixels: Uint8Array | undefined): void
}

interface Data {
  readonly heldOut: ImageSet
  readonly references: ImageSet
  readonly training: Training
}

const referenceCount = 1000

/** Creates a page whose examples are images of ten classes. */
export function createImagePage(options: ImagePageOptions): ImagePage {
  const { dataSet, noun, classNames } = options
  const picture = find('#picture', HTMLCanvasElement)
  const answer = find('gl-probabilities', GlProbabilities)
  const attribution = find('gl-attribution-image', GlAttributionImage)
  const similar = find('gl-similar-examples#similar', GlSimilarExamples)
  const similarities = findAll('.similarities gl-similar-examples', GlSimilarExamples)
  let strip: Strip | undefined
  for (const element of [answer, attribution, similar, ...similarities]) {
    element.labels = classNames
  }
  drawImage(picture, [])

  const page: ExplainedPage<Data> = new ExplainedPage<Data>({
    dataSet,
    noun,
    references: referenceCount,
    referenceCounts: [100, 300],
    hasStore: dataSet === 'mnist',
    elements: { answer: [answer], attribution, similar, similarities },
    async load(folder, signal) {
      const [heldOut, references, training] = await Promise.all([
        loadImages(folder, 'heldOut', signal),
        loadImages(folder, 'references', signal),
        loadTraining(folder),
      ])
      return { heldOut, references, training }
    },
    listReferences: ({ references: { images, labels } }) => ({
      x: imageInput(images),
      y: encodeOneHot(labels, classNames.length),
    }),
    ready({ heldOut, training }) {
      const describe = (index: number): string =>
        `held-out ${noun.one} ${index}, labelled ${nameClass(heldOut, index)}`
      strip = createStrip(find('#strip', HTMLElement), heldOut, {
        misclassified: training.heldOut.misclassified,
        describe,
        pick: (index) => {
          page.pick(index)
        },
      })
      setText(find('#model-facts', HTMLElement), describeModel(training, noun.many))
      return { heldOutCount: heldOut.count, first: strip.indices[0] ?? 0 }
    },
    pick({ heldOut }, index) {
      options.picked?.()
      strip?.mark(index)
      const pixels = imageOf(heldOut, index)
      const truth = heldOut.labels[index] ?? 0
      drawImage(picture, pixels)
      const name = nameClass(heldOut, index)
      const text = `Held-out ${noun.one} no. ${index}, labelled ${name}; the model was not trained on it.`
      setText(find('#question-caption', HTMLElement), text)
      picture.setAttribute('aria-label', text)
      return { input: imageInput(pixels), truth }
    },
    answer({ question, prediction }) {
      answer.predictions = { data: prediction.outputs, shape: [prediction.outputs.length] }
      answer.truth = question.truth ?? null
    },
    target(target) {
      answer.selected = target ?? null
    },
    ranking({ fit, similarity }, { references }) {
      const { images, labels } = references
      const count = fit.references
      const examples = { data: images.subarray(0, count * imageSize), shape: [count, 28, 28, 1] }
      for (const element of [similar, ...similarities]) {
        element.examples = examples
        element.trainLabels = Array.from(labels.subarray(0, count))
        element.trainPredictions = Array.from(fit.predictions)
        element.predicted = similarity.label
      }
    },
    deltaText: (shown) => describeDelta(shown, classNames, 'an empty image'),
  })

  answer.addEventListener('gl-class-select', ({ detail }) => {
    page.choose(detail.index)
  })

  return {
    ask(pixels) {
      strip?.mark(undefined)
      page.ask(pixels === undefined ? undefined : imageInput(pixels))
    },
  }
}

function nameClass({ classNames, labels }: ImageSet, index: number): string {
  return classNames[labels[index] ?? 0] ?? ''
}
