import type { NdArray } from 'gradlens'
import { formatFixed } from 'gradlens/elements'
import { fetchJson } from '../data/fetch.js'
import { imageSide, type ImageSet } from '../data/images.js'
import { find, setText } from '../dom.js'
import type { Point } from '../flyover/camera.js'
import { createFlyover } from '../flyover/flyover.js'

/** Where each training example is in the plane. */
export interface Places {
  readonly extent: number
  /** x and y of each example in turn. */
  readonly places: readonly number[]
}

export const loadPlaces = (folder: string, signal: AbortSignal): Promise<Places> =>
  fetchJson<Places>(new URL('places.json', folder), signal)

export interface TrainingMap {
  /** Colours the examples by their scores for a question. */
  showScores(explanation: { readonly data: object }): void
  /** Marks the examples whose label the model disagrees with. */
  showPredictions(predictions: ArrayLike<number>): void
  /** Marks the example that is asked about; undefined: none. */
  mark(index: number | undefined): void
}

/** All training images on one canvas, each of which can be asked about. */
export function createTrainingMap(
  { extent, places: given }: Places,
  { images, labels, classNames }: ImageSet,
  ask: (index: number) => void,
): TrainingMap {
  const places = Array.from({ length: given.length / 2 }, (_, i): Point => ({
    x: given[2 * i]!,
    y: given[2 * i + 1]!,
  }))
  const scores = new Float32Array(places.length).fill(NaN)
  let predictions: ArrayLike<number> = []
  const name = (label: number | undefined): string => classNames[label ?? -1] ?? ''

  const describe = (index: number): string => {
    const [score, predicted] = [scores[index]!, predictions[index]]
    const says = predicted === undefined ? '' : `; the model says ${name(predicted)}`
    const similar = Number.isFinite(score) ? ` Its score is ${formatFixed(score, 3)}.` : ''
    return `No. ${index}, labelled ${name(labels[index])}${says}.${similar}`
  }
  const flyover = createFlyover(find('#flyover', HTMLCanvasElement), {
    places,
    extent,
    pixels: images,
    side: imageSide,
    point(index) {
      setText(find('#flyover-point', HTMLElement), index === undefined ? '' : describe(index))
    },
    choose: ask,
  })
  const connect = (id: string, act: () => void): void => {
    find(`#${id}`, HTMLButtonElement).addEventListener('click', act)
  }
  connect('flyover-in', () => {
    flyover.zoom(1)
  })
  connect('flyover-out', () => {
    flyover.zoom(-1)
  })
  connect('flyover-fit', () => {
    flyover.fit()
  })

  return {
    showScores({ data }) {
      const ranked = data as { readonly scores: NdArray; readonly orderedIndices: NdArray }
      scores.fill(NaN)
      ranked.orderedIndices.data.forEach((index, rank) => {
        scores[index] = ranked.scores.data[rank]!
      })
      const greatest = scores.reduce((most, score) => Math.max(most, Math.abs(score) || 0), 0)
      const tints = scores.map((score) => (greatest > 0 ? score / greatest || 0 : 0))
      flyover.show({ tints })
    },
    showPredictions(next) {
      predictions = next
      const isMarked = (index: number): boolean =>
        predictions[index] !== undefined && predictions[index] !== labels[index]
      flyover.show({ marked: new Set([...places.keys()].filter(isMarked)) })
    },
    mark(asked) {
      flyover.show({ asked })
    },
  }
}
