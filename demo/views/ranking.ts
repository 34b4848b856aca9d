import { imageOf, type ImageSet } from '../data/images.js'
import { find, setText } from '../dom.js'
import { classMeans, neighboursOf, scoresOf } from '../neighbours.js'
import type { Ranking } from '../session.js'
import { farthestCaption, meansCaption, nearestCaption } from '../text/captions.js'
import { sharedNotation } from '../text/format.js'
import { createClassMeans, meansHint } from './class-means.js'
import { createNeighbourRow } from './neighbours.js'
import { scaleOf } from './signed-bar.js'

export interface RankingView {
  show(ranking: Ranking, references: ImageSet): void
}

/** The most and the least similar training digits on one scale, and the mean score of each class. */
export function createRankingView(): RankingView {
  const most = createNeighbourRow(find('#most', HTMLElement))
  const least = createNeighbourRow(find('#least', HTMLElement))
  const means = createClassMeans(find('#class-means', HTMLElement))

  return {
    show({ fit, similarity }, references): void {
      const { label: predictedLabel } = similarity
      const ranked = scoresOf(similarity)
      const { nearest, farthest } = neighboursOf(ranked, fit.predictions, references.labels)
      const shown = [...nearest, ...farthest].map(({ score }) => score)
      const options = {
        scale: scaleOf(shown),
        format: sharedNotation(shown),
        imageOf: (index: number): Uint8Array => imageOf(references, index),
      }
      most.show(nearest, options)
      least.show(farthest, options)
      setText(find('#most-caption', HTMLElement), nearestCaption(nearest, predictedLabel))
      setText(find('#least-caption', HTMLElement), farthestCaption(farthest, predictedLabel))

      const ofClasses = classMeans(ranked.scores, references.labels)
      means.show(ofClasses, predictedLabel)
      setText(find('#means-hint', HTMLElement), meansHint(ofClasses))
      setText(find('#means-caption', HTMLElement), meansCaption(ofClasses))
    },
  }
}
