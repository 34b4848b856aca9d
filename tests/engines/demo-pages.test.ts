import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engineNames, findEngine } from '../../scripts/checks/engines.mjs'
import { createVisitor, type Visitor } from './visitor.js'

/** Steps of the scripts: the explainer of a page, and what it shows of the example asked about last. */
const explained = `
  const part = (tags) => find('gl-explainer >>> ' + tags)
  const verdict = () => {
    const sentence = part('.verdict')
    return sentence && !sentence.hasAttribute('data-stale') ? sentence.textContent.trim() : ''
  }
  const isReady = (tags) => part(tags)?.state === 'ready'
  const maps = 'gl-attribution-image, gl-attribution-text, gl-attribution-bars'
  const settled = (what) => until(what, () => verdict() !== '' && isReady(maps) && isReady('gl-similar-examples'))`

/** The model of the photos takes seconds in each engine, and a minute on a busy machine. */
const photosTimeoutMs = 180_000

describe.each(engineNames)('the demo in %s', (name) => {
  let visitor: Visitor

  beforeAll(async () => {
    visitor = await createVisitor(findEngine(name)!)
  })
  afterAll(() => visitor.close())

  it.each(['index', 'garments', 'reviews', 'cars'])(
    'explains examples on %s.html',
    async (page) => {
      const said = await visitor.visit(
        `/dist-demo/${page}.html?device=wasm&references=40&steps=8`,
        `${explained}
       await settled('the first answer')
       const before = verdict()
       const others = await until('other examples', () => {
         const found = [...document.querySelectorAll('#strip [role=radio]:not([aria-checked=true])')]
         return found.length > 0 && found
       })
       others.at(-1).click()
       await until('the answer for another example', () => verdict() !== '' && verdict() !== before)
       await settled('all about it')
       const similar = part('gl-similar-examples').shadowRoot.querySelectorAll('[part="example"]').length
       return { before, after: verdict(), similar }`,
      )
      expect(said).toMatchObject({ before: expect.any(String) as string })
      const { before, after, similar } = said as { before: string; after: string; similar: number }
      expect(after).not.toBe(before)
      expect(similar).toBeGreaterThanOrEqual(5)
    },
  )
  it(
    'explains the photo of a cat with the model that it downloads on photos.html',
    { timeout: 2 * photosTimeoutMs },
    async () => {
      const said = await visitor.visit(
        '/dist-demo/photos.html?steps=4',
        `${explained}
         await until('the photos', () => find('#strip .thumb'))
         await click('#load')
         await until('the answer and its map', () => verdict() !== '' && isReady(maps), ${photosTimeoutMs})
         return verdict() + ' ' + part(maps).shadowRoot.querySelector('figcaption').textContent`,
      )
      expect(said).toMatch(/^The model says Egyptian cat [^]* (?:for|against) Egyptian cat/)
    },
  )

  it('explains a model and its training examples on yours.html', async () => {
    const parts = await visitor.visit(
      '/dist-demo/yours.html',
      `${explained}
       await click('#try-digits')
       const answer = find('#answer')
       await until('an answer', () => !answer.hidden && answer.ariaBusy === 'false' && isReady(maps))
       if (!find('#run').hidden) await click('#compare')
       await until('the comparison', () => answer.ariaBusy === 'false' && isReady('gl-similar-examples'))
       return part('gl-similar-examples').shadowRoot.querySelectorAll('[part="example"]').length`,
    )
    expect(parts).toBeGreaterThanOrEqual(5)
  })
})
