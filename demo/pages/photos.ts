import {
  createNumberFormat,
  formatBytes,
  formatDuration,
  formatFixed,
  GlAttributionImage,
  GlProbabilities,
  Job,
  type ClassProbability,
} from 'gradlens/elements'
import { fetchBytes, fetchJson } from '../data/fetch.js'
import { create, find, setText } from '../dom.js'
import { keepOffline } from '../offline/keep-offline.js'
import { createCamera } from '../photos/camera.js'
import { modelBytes, runtimeBytes } from '../photos/download.js'
import { readPhoto, toImage, type Photo } from '../photos/photo.js'
import {
  PhotoModel,
  type HeatMap,
  type PhotoAnswer,
  type PhotoRanking,
} from '../photos/photo-model.js'
import { showRanking, type ReferencePhoto } from '../photos/ranking-view.js'
import { registerElements } from '../register-elements.js'
import { createJobView } from '../views/job-view.js'
import { addArrowKeys, markRadio } from '../views/roving-radios.js'

registerElements()

interface Data {
  readonly classNames: readonly string[]
  readonly references: readonly ReferencePhoto[]
  readonly photos: readonly Photo[]
}

const folder = new URL('photos/', document.baseURI).href
const model = new PhotoModel(folder)
const caption = find('#question-caption', HTMLElement)
const stage = find('#stage', HTMLElement)
const picture = find('#picture', HTMLCanvasElement)
const strip = find('#strip [role="radiogroup"]', HTMLElement)
const file = find('#file', HTMLInputElement)
const loadRow = find('#load-row', HTMLElement)
const answer = find('gl-probabilities', GlProbabilities)
const attribution = find('gl-attribution-image', GlAttributionImage)
const delta = find('#attribution-delta', HTMLElement)
const similar = find('#similar', HTMLElement)
const times = find('#report-times', HTMLElement)
const buttons = new Map<number, HTMLButtonElement>()
const durations = new Map<string, number>()
let data: Data | undefined
let shown: Photo | undefined

const dataJob = new Job<Data>(
  withView('data-job', { doing: 'Loading the photos', retry: () => void start() }, () => {
    find('#data-job', HTMLElement).hidden = true
  }),
)
const loadJob = new Job<true>(
  withView(
    'load-job',
    { doing: 'Loading the model', unit: 'kB', cancel: cancelLoading, retry: () => void load() },
    () => {
      find('#load-job', HTMLElement).hidden = true
      setText(find('#model-facts', HTMLElement), 'EfficientNet-Lite0: 4,652,008 parameters.')
    },
  ),
)
const answerJob = new Job<PhotoAnswer>(
  withView(
    'answer-job',
    { doing: 'Starting the model', retry: () => void explain(), results: [answer] },
    ({ probabilities, label, durationMs }) => {
      // Earlier, they would be listed as if they were an answer.
      answer.labels = data?.classNames ?? []
      answer.predictions = probabilities
      answer.selected = label
      showTime('The classes', durationMs)
    },
  ),
)
const mapJob = new Job<HeatMap>(
  withView(
    'attribution-job',
    {
      doing: 'Computing the map',
      unit: 'points',
      cancel: () => {
        mapJob.cancel()
      },
      retry: () => void drawMap(answer.selected ?? 0),
      results: [attribution, delta],
    },
    showMap,
  ),
)
const rankingJob = new Job<PhotoRanking>(
  withView(
    'similarity-job',
    {
      doing: 'Comparing the photos',
      unit: 'photos',
      cancel: () => {
        rankingJob.cancel()
      },
      retry: () => void rank(),
      results: [similar, times],
    },
    (ranking) => {
      if (data === undefined) return
      showRanking(similar, ranking, data.references, data.classNames)
      showTime('The similar photos', ranking.durationMs)
    },
  ),
)

/** Shows the states of a job, and its results. */
function withView<Value>(
  id: string,
  options: Omit<Parameters<typeof createJobView>[1], 'results'> & {
    readonly results?: readonly HTMLElement[]
  },
  show: (value: Value) => void,
): ConstructorParameters<typeof Job<Value>>[0] {
  const showState = createJobView(id, { results: [], ...options })
  return (state) => {
    showState(state)
    if (state.status === 'done') show(state.value)
  }
}

async function start(): Promise<void> {
  const loaded = await dataJob.run(async ({ signal }) => {
    const [classNames, references] = await Promise.all([
      fetchJson<readonly string[]>(new URL('classes.json', folder), signal),
      fetchJson<readonly ReferencePhoto[]>(new URL('photos.json', folder), signal),
    ])
    const photos = await Promise.all(
      references.map(async (reference) => {
        const url = new URL(reference.file, folder)
        const bytes = await fetchBytes(url, undefined, { gzip: false, signal })
        return readPhoto(new Blob([bytes as BlobPart]), reference.title)
      }),
    )
    return { classNames, references, photos }
  })
  if (loaded === undefined) return
  data = loaded
  attribution.labels = loaded.classNames
  strip.replaceChildren(...loaded.references.map(createThumb))
  addArrowKeys(strip)
  pick(0)
}

function createThumb({ file: name, title }: ReferencePhoto, index: number): HTMLButtonElement {
  const image = create('img', '')
  image.src = new URL(name, folder).href
  image.alt = ''
  const button = create('button', 'thumb', image)
  button.type = 'button'
  button.setAttribute('role', 'radio')
  button.setAttribute('aria-label', title)
  button.addEventListener('click', () => {
    pick(index)
  })
  buttons.set(index, button)
  return button
}

function pick(index: number): void {
  const photo = data?.photos[index]
  if (data === undefined || photo === undefined) return
  markRadio([strip], buttons, index)
  ask(photo, `Photo of ${photo.title}: ${data.references[index]?.credit ?? ''}.`)
}

/** Asks about the photo, as soon as the model is there. */
function ask(photo: Photo, text: string): void {
  camera.stop()
  shown = photo
  picture.getContext('2d')?.putImageData(photo.pixels, 0, 0)
  picture.setAttribute('aria-label', photo.title)
  setText(caption, text)
  if (loadJob.state.status === 'done') void explain()
}

function askOwn(photo: Photo): void {
  markRadio([strip], buttons, undefined)
  ask(photo, 'Your photo, the middle square of it.')
}

async function askFile(given: File | undefined): Promise<void> {
  if (given === undefined) return
  try {
    askOwn(await readPhoto(given, 'your photo'))
  } catch (error) {
    setText(caption, error instanceof Error ? error.message : String(error))
  }
}

async function load(): Promise<void> {
  loadRow.hidden = true
  const loaded = await loadJob.run(async (options) => {
    await model.load(options)
    return true as const
  })
  if (loaded === true) await explain()
}

function cancelLoading(): void {
  loadJob.cancel()
}

async function explain(): Promise<void> {
  const photo = shown
  if (photo === undefined || loadJob.state.status !== 'done') return
  mapJob.interrupt()
  rankingJob.interrupt()
  const answered = await answerJob.run(({ signal }) => model.predict(photo, signal))
  if (answered === undefined) return
  await Promise.all([drawMap(answered.label), rank()])
}

async function drawMap(target: number): Promise<void> {
  const photo = answerJob.value?.photo
  if (photo !== undefined) await mapJob.run((options) => model.drawMap(photo, target, options))
}

async function rank(): Promise<void> {
  const photo = answerJob.value?.photo
  const photos = data?.photos
  if (photo === undefined || photos === undefined) return
  await rankingJob.run((options) => model.rank(photo, photos, options))
}

function showMap({ photo, target, explanation, total, delta: error, durationMs }: HeatMap): void {
  attribution.image = toImage(photo)
  attribution.explanation = explanation
  setText(
    delta,
    `The cells sum to ${formatFixed(total, 2)}, the change of the logit of ` +
      `${data?.classNames[target] ?? ''}. Convergence delta ${createNumberFormat([error])(error)}.`,
  )
  showTime('The map', durationMs)
}

/** Says how long each part took last. */
function showTime(part: string, durationMs: number): void {
  durations.set(part, durationMs)
  const sentences = [...durations].map(([name, ms]) => `${name} took ${formatDuration(ms)}.`)
  setText(times, `Runs on WASM, in one thread. ${sentences.join(' ')}`)
}

const camera = createCamera(askOwn, (message) => {
  setText(caption, message)
})
const size = formatBytes(modelBytes + runtimeBytes)
setText(find('#load-size', HTMLElement), `${size}, once`)
setText(
  find('#report-download', HTMLElement),
  `The model is ${formatBytes(modelBytes)}, and ONNX Runtime ${formatBytes(runtimeBytes)}, or a quarter ` +
    'of that from servers that compress it. Both are loaded when you ask, and kept for the next visit.',
)
find('#load', HTMLButtonElement).addEventListener('click', () => void load())
answer.addEventListener('gl-class-select', ({ detail }: CustomEvent<ClassProbability>) => {
  answer.selected = detail.index
  void drawMap(detail.index)
})
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
void start()
keepOffline(folder)
