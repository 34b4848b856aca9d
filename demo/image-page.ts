import type { NdArray } from 'gradlens'
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
import { loadSuspects, type Suspects } from './data/suspects.js'
import { find, setText } from './dom.js'
import { ExplainedPage } from './explained-page.js'
import { encodeOneHot } from './explaining/label-arrays.js'
import type { Question } from './explaining/question.js'
import { describeModel } from './text/facts.js'
import { createStrip, type Strip } from './views/strip.js'
import {
  createTrainingMap,
  loadPlaces,
  type Places,
  type TrainingMap,
} from './views/training-map.js'

export interface ImagePageOptions {
  readonly dataSet: 'mnist' | 'garments'
  readonly noun: { readonly one: string; readonly many: string }
  readonly classNames: readonly string[]
  /** What its maps are made of, such as 'strokes'. */
  readonly parts: string
  /** Whether the page has a map of all training images. */
  readonly hasMap?: boolean
  /** Called when a held-out image replaces an image that the user made. */
  readonly picked?: () => void
}

export interface ImagePage {
  /** Explains an image that the user made; undefined clears the question. */
  ask(pixels: Uint8Array | undefined): void
}

interface Data {
  readonly suspects: Suspects
  readonly heldOut: ImageSet
  readonly references: ImageSet
  readonly training: Training
  /** Where the training images are on the map of all of them; null without a map. */
  readonly places: Places | null
}

const referenceCount = 1000

/** Creates a page whose examples are images of ten classes. */
export function createImagePage(options: ImagePageOptions): ImagePage {
  const { dataSet, noun, classNames } = options
  const picture = find('#picture', HTMLCanvasElement)
  let strip: Strip | undefined
  let map: TrainingMap | undefined
  drawImage(picture, [])

  const page: ExplainedPage<Data> = new ExplainedPage<Data>({
    dataSet,
    noun,
    parts: options.parts,
    references: referenceCount,
    referenceCounts: [100, 300],
    delta: {
      baseline: 'an empty image',
      output: (target) => `the probability of ${classNames[target] ?? ''}`,
      unit: '',
      decimals: 4,
    },
    async load(folder, signal) {
      const [heldOut, references, training, suspects, places] = await Promise.all([
        loadImages(folder, 'heldOut', signal),
        loadImages(folder, 'references', signal),
        loadTraining(folder),
        loadSuspects(folder, signal),
        options.hasMap === true ? loadPlaces(folder, signal) : null,
      ])
      return { heldOut, references, training, suspects, places }
    },
    listReferences: ({ references: { images, labels } }) => ({
      x: imageInput(images),
      y: encodeOneHot(labels, classNames.length),
    }),
    showReferences(element, { references: { images, labels } }, count) {
      element.examples = picturesOf(images, count)
      element.trainLabels = Array.from(labels.subarray(0, count))
    },
    ready({ heldOut, training, references, places }) {
      if (places !== null) {
        map = createTrainingMap(places, references, (index) => {
          page.askTraining(index)
        })
      }
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
      strip?.mark(index)
      map?.mark(undefined)
      const name = nameClass(heldOut, index)
      const text = `Held-out ${noun.one} no. ${index}, labelled ${name}; the model was not trained on it.`
      return show(imageOf(heldOut, index), heldOut.labels[index] ?? 0, text)
    },
    pickTraining({ references }, index) {
      strip?.mark(undefined)
      map?.mark(index)
      const name = nameClass(references, index)
      const text = `Training ${noun.one} no. ${index}, labelled ${name}; the model was trained on it.`
      return show(imageOf(references, index), references.labels[index] ?? 0, text)
    },
    suspects: ({ suspects }) => suspects,
    ranked: (explanation) => map?.showScores(explanation),
    fitted: (predictions) => map?.showPredictions(predictions),
  })
  page.explainer.labels = classNames

  function show(pixels: Uint8Array, truth: number, text: string): Question {
    options.picked?.()
    drawImage(picture, pixels)
    setText(find('#question-caption', HTMLElement), text)
    picture.setAttribute('aria-label', text)
    return { input: imageInput(pixels), truth }
  }

  return {
    ask(pixels) {
      strip?.mark(undefined)
      map?.mark(undefined)
      page.ask(pixels === undefined ? undefined : imageInput(pixels))
    },
  }
}

function picturesOf(images: Uint8Array, count: number): NdArray {
  return { data: images.subarray(0, count * imageSize), shape: [count, 28, 28, 1] }
}

function nameClass({ classNames, labels }: ImageSet, index: number): string {
  return classNames[labels[index] ?? 0] ?? ''
}
