import { version } from 'gradlens'
import 'gradlens/elements/define'
import type { ExplanationSource, GlAttributionBars } from 'gradlens/elements'
import { encodeFrame } from 'gradlens/frame'
import { expect, it, onTestFinished } from 'vitest'
import { carExplanation, carFeatures } from '../../support/elements/element-fixtures.js'
import { mounted, textsOf } from '../../support/elements/mounted.js'
import { changeHeader } from '../../support/frame-bytes.js'

const car = carExplanation()
const json = new TextEncoder().encode(JSON.stringify(car))
const frame = encodeFrame(car, { features: carFeatures, labels: ['mpg'] })

const settled = (element: GlAttributionBars): Promise<unknown> =>
  expect.poll(() => element.state).not.toBe('loading')

/** The address of these bytes in this page. */
function addressOf(bytes: Uint8Array<ArrayBuffer>): string {
  const address = URL.createObjectURL(new Blob([bytes]))
  onTestFinished(() => {
    URL.revokeObjectURL(address)
  })
  return address
}

it.each<[string, ExplanationSource]>([
  ['the bytes of JSON', json],
  ['the bytes of a frame', frame],
  ['an ArrayBuffer', frame.buffer],
  ['a DataView', new DataView(frame.buffer)],
  ['a Blob of JSON', new Blob([json])],
  ['a Blob of a frame', new Blob([frame])],
  ['a promise of bytes', Promise.resolve(frame)],
  ['a promise of a Blob', Promise.resolve(new Blob([frame]))],
])('shows an explanation from %s', async (_, explanation) => {
  const element = await mounted('gl-attribution-bars', { explanation })
  await settled(element)
  expect(element.state).toBe('ready')
  expect(textsOf(element, '[part="row"] .number')[0]).toBe('−3.18')
})

it.each([
  ['a frame', frame],
  ['JSON', json],
])('fetches %s from src, and shows the source that was set last', async (_, bytes) => {
  const element = await mounted('gl-attribution-bars', { explanation: car })
  element.src = addressOf(bytes)
  await element.updateComplete
  expect(element.state).toBe('loading')
  await settled(element)
  expect(element.state).toBe('ready')
  element.explanation = { ...car }
  await element.updateComplete
  expect(element.state).toBe('ready')
  element.src = null
  await element.updateComplete
  expect(element.state).toBe('ready')
})

it('becomes empty when its src is removed', async () => {
  const element = await mounted('gl-attribution-bars', { src: addressOf(frame) })
  await settled(element)
  element.src = null
  await element.updateComplete
  expect(element.state).toBe('empty')
})

it.each([
  ['/no-such-file.safetensors', /src: got 404 Not Found from '\/no-such-file\.safetensors'/],
  ['http://127.0.0.1:9/closed', /src: got no answer from 'http:\/\/127\.0\.0\.1:9\/closed'/],
  ['/package.json', /json: got '\{.*; expected an explanation: an object with 'meta'/],
])('shows in place what is wrong with %s', async (src, message) => {
  const element = await mounted('gl-attribution-bars', { src })
  await settled(element)
  expect(element.state).toBe('error')
  expect(textsOf(element, '[part="error"]')[0]).toMatch(message)
})

it('reports damaged bytes', async () => {
  const damaged = frame.slice()
  damaged[damaged.length - 1]! ^= 1
  const element = await mounted('gl-attribution-bars', { explanation: damaged })
  expect(textsOf(element, '[part="error"]')[0]).toContain('frame: got damaged bytes')
})

const namesOf = (element: GlAttributionBars): string[] =>
  textsOf(element, '[part="row"] .name > span:first-child')

it('takes properties from a frame unless the page sets them, and resets those of an earlier frame', async () => {
  const element = await mounted('gl-attribution-bars', { explanation: frame, top: 1 })
  expect(namesOf(element)).toEqual(['weight'])
  element.explanation = encodeFrame(car, { features: carFeatures.map((name) => `${name}!`) })
  await element.updateComplete
  expect(namesOf(element)).toEqual(['weight!'])
  element.explanation = encodeFrame(car)
  await element.updateComplete
  expect(namesOf(element)).toEqual(['feature 3'])
  element.features = carFeatures.map((name) => `own ${name}`)
  element.explanation = frame
  await element.updateComplete
  expect(namesOf(element)).toEqual(['own weight'])
})

it('sends no request to an address in a frame', async () => {
  const texts = { meta: car.meta, data: { scores: [[2, 1]], ordered_indices: [[0, 1]] } }
  const side = {
    urlTemplate: '/leak-{id}.png',
    kind: 'image',
    src: '/leak',
    examples: ['/leak-a.png', '/leak-b.png'],
  }
  const element = await mounted('gl-similar-examples', { explanation: encodeFrame(texts, side) })
  const expectNoImage = async (): Promise<void> => {
    await element.updateComplete
    expect(element.state).toBe('ready')
    expect(element.shadowRoot?.querySelector('img')).toBeNull()
  }
  await expectNoImage()
  // The page's kind doesn't make addresses of the frame's texts, nor the frame's of the page's.
  element.kind = 'image'
  await expectNoImage()
  element.kind = null
  element.explanation = encodeFrame(texts, { kind: 'image' })
  element.examples = ['text a', 'text b']
  await expectNoImage()
  const around = await mounted('gl-explanation', {
    explanation: encodeFrame(texts, { kind: 'image' }),
    options: { examples: ['text a', 'text b'] },
  })
  const inside = around.shadowRoot!.querySelector('gl-similar-examples')!
  await inside.updateComplete
  expect(inside.shadowRoot?.querySelector('img')).toBeNull()
  around.explanation = encodeFrame(texts)
  await around.updateComplete
  around.kind = 'image'
  await around.updateComplete
  expect(inside.shadowRoot?.querySelectorAll('img')).toHaveLength(4)
})

it('says that another version of gradlens wrote the frame', async () => {
  const same = await mounted('gl-attribution-bars', { explanation: frame })
  expect(textsOf(same, '[part="version-note"]')).toEqual([])
  const other = changeHeader(frame, (text) =>
    text.replace(`"gradlens":"${version}"`, '"gradlens":"9.8.7"'),
  )
  const element = await mounted('gl-attribution-bars', { explanation: other })
  expect(element.state).toBe('ready')
  expect(textsOf(element, '[part="version-note"]')).toEqual([
    `This explanation is from gradlens 9.8.7; the elements of this page are from gradlens ${version}. Update the older one.`,
  ])
})
