import { formatBytes } from 'gradlens/elements'
import { fetchBytes, fetchJson } from '../data/fetch.js'
import { create, find, setText } from '../dom.js'
import { ExplainedPage } from '../explained-page.js'
import { createCamera } from '../photos/camera.js'
import { countRuntimeBytes, modelBytes } from '../photos/download.js'
import { encodePhotos, readPhoto, type Photo } from '../photos/photo.js'
import { startPhotosWorker } from '../photos/start-photos-worker.js'
import { registerElements } from '../register-elements.js'
import { ModelLoader } from '../views/model-loader.js'
import { addArrowKeys, markRadio } from '../views/roving-radios.js'

registerElements()

/** A photo of the site, as `photos.json` describes it. */
interface SitePhoto {
  readonly file: string
  /** What the photo shows, in words. */
  readonly title: string
  readonly credit: string
}

interface Data {
  readonly classNames: readonly string[]
  readonly sitePhotos: readonly SitePhoto[]
  readonly photos: readonly Photo[]
}

const photoCount = 12
const caption = find('#question-caption', HTMLElement)
const stage = find('#stage', HTMLElement)
const picture = find('#picture', HTMLCanvasElement)
const strip = find('#strip [role="radiogroup"]', HTMLElement)
const file = find('#file', HTMLInputElement)
const buttons = new Map<number, HTMLButtonElement>()
// Another page of the site may download the model at the same time.
const channel = `gradlens photos ${performance.timeOrigin} ${Math.random()}`
let classNames: readonly string[] = []

const page: ExplainedPage<Data> = new ExplainedPage<Data>({
  dataSet: 'photos',
  noun: { one: 'photo', many: 'photos' },
  referenceNoun: { one: 'photo', many: 'photos' },
  references: photoCount,
  referenceCounts: [],
  defaults: { steps: 32, device: 'wasm' },
  devices: ['wasm', 'webgpu'],
  areTraining: false,
  delta: {
    baseline: 'cells without activity',
    output: (target) => `the logit of ${classNames[target] ?? ''}`,
    unit: '',
    decimals: 2,
  },
  startWorker: (start) => startPhotosWorker({ ...start, channel }),
  createLoader: (loading) =>
    new ModelLoader({
      ...loading,
      channel,
      countBytes: (device) => modelBytes + countRuntimeBytes(device),
    }),
  async load(folder, signal) {
    const [names, sitePhotos] = await Promise.all([
      fetchJson<readonly string[]>(new URL('classes.json', folder), signal),
      fetchJson<readonly SitePhoto[]>(new URL('photos.json', folder), signal),
    ])
    const photos = await Promise.all(
      sitePhotos.map(async ({ file: name, title }) => {
        const bytes = await fetchBytes(new URL(name, folder), undefined, { gzip: false, signal })
        return readPhoto(new Blob([bytes as BlobPart]), title)
      }),
    )
    return { classNames: names, sitePhotos, photos }
  },
  // The model was not trained on these photos: each counts as what the model says that it is.
  listReferences: ({ photos }) => ({ x: encodePhotos(photos), y: null }),
  showReferences(explainer, { sitePhotos }) {
    explainer.examples = sitePhotos.map(({ file: name }) => `./photos/${name}`)
    explainer.trainNames = sitePhotos.map(({ title }) => title)
  },
  ready(data) {
    classNames = data.classNames
    page.explainer.labels = classNames
    strip.replaceChildren(...data.sitePhotos.map(createThumb))
    addArrowKeys(strip)
    return { heldOutCount: data.photos.length, first: 0 }
  },
  pick({ photos, sitePhotos }, index) {
    markRadio([strip], buttons, index)
    const photo = photos[index]!
    show(photo, `Photo of ${photo.title}: ${sitePhotos[index]?.credit ?? ''}.`)
    return { input: encodePhotos([photo]), truth: undefined, ownReference: index }
  },
})

function createThumb({ file: name, title }: SitePhoto, index: number): HTMLButtonElement {
  const image = create('img', '')
  image.src = `./photos/${name}`
  image.alt = ''
  const button = create('button', 'thumb', image)
  button.type = 'button'
  button.setAttribute('role', 'radio')
  button.setAttribute('aria-label', title)
  button.addEventListener('click', () => {
    page.pick(index)
  })
  buttons.set(index, button)
  return button
}

function show(photo: Photo, text: string): void {
  camera.stop()
  picture.getContext('2d')?.putImageData(photo.pixels, 0, 0)
  picture.setAttribute('aria-label', photo.title)
  setText(caption, text)
}

function askOwn(photo: Photo): void {
  markRadio([strip], buttons, undefined)
  show(photo, 'Your photo, the middle square of it.')
  page.ask(encodePhotos([photo]))
}

async function askFile(given: File | undefined): Promise<void> {
  if (given === undefined) return
  try {
    askOwn(await readPhoto(given, 'your photo'))
  } catch (error) {
    setText(caption, error instanceof Error ? error.message : String(error))
  }
}

const camera = createCamera(askOwn, (message) => {
  setText(caption, message)
})
setText(
  find('#model-facts', HTMLElement),
  `The model: 4,652,008 parameters, ${formatBytes(modelBytes)}. ONNX Runtime is ${formatBytes(countRuntimeBytes('wasm'))}, or ` +
    `${formatBytes(countRuntimeBytes('webgpu'))} with WebGPU; servers that compress it send a quarter of that. Both are loaded ` +
    'when you ask, and kept for the next visit.',
)
file.addEventListener('change', () => {
  void askFile(file.files?.[0])
  // The same file can be chosen again.
  file.value = ''
})
for (const type of ['dragover', 'dragleave', 'drop'] as const) {
  stage.addEventListener(type, (event) => {
    event.preventDefault()
    stage.toggleAttribute('data-drop', type === 'dragover')
    if (type === 'drop') void askFile(event.dataTransfer?.files[0])
  })
}
