import { formatFixed } from 'gradlens/elements'
import { create } from '../dom.js'
import type { PhotoRanking } from './photo-model.js'

export interface ReferencePhoto {
  readonly file: string
  /** What the photo shows, in words. */
  readonly title: string
  readonly credit: string
}

/** Lists the reference photos by their cosines, the highest first, under one sentence. */
export function showRanking(
  root: HTMLElement,
  { ranked, labels }: PhotoRanking,
  photos: readonly ReferencePhoto[],
  classNames: readonly string[],
): void {
  const list = create('ol', 'ranked-photos')
  for (const { index, score } of ranked) {
    const photo = photos[index]
    if (photo === undefined) continue
    const image = create('img', 'ranked-picture')
    image.src = `./photos/${photo.file}`
    image.alt = ''
    const bar = create('span', 'cosine-bar')
    bar.style.setProperty('inset-inline-start', `${50 + Math.min(0, score) * 50}%`)
    bar.style.setProperty('inline-size', `${Math.abs(score) * 50}%`)
    const track = create('span', 'cosine-track', bar)
    track.setAttribute('aria-hidden', 'true')
    if (score < 0) bar.dataset['negative'] = ''
    const says = create(
      'span',
      'choice-note',
      `model says ${classNames[labels[index] ?? -1] ?? ''}`,
    )
    list.append(
      create(
        'li',
        'ranked-photo',
        image,
        create('strong', '', photo.title),
        says,
        track,
        create('span', 'cosine', formatFixed(score, 2)),
      ),
    )
  }
  const [first] = ranked
  const last = ranked.at(-1)
  const sentence =
    first === undefined || last === undefined
      ? ''
      : `Most similar to it: ${photos[first.index]?.title ?? ''} (cosine ${formatFixed(first.score, 2)}). ` +
        `Least similar: ${photos[last.index]?.title ?? ''} (${formatFixed(last.score, 2)}).`
  root.replaceChildren(create('p', 'caption', sentence), list)
}
