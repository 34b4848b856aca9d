import {
  imageInput,
  imageOf,
  loadImages,
  loadTraining,
  type ImageSet,
  type Training,
} from './data/images.js'
import { find, setText } from './dom.js'
import { Job } from './job.js'
import { Session } from './session.js'
import { signedMapOf } from './signed-map.js'
import { readAddress, writeAddress } from './settings.js'
import { answerCaption, attributionCaption, deltaText } from './text/captions.js'
import { formatCount, formatTablePercent } from './text/format.js'
import { createAttributionMap } from './views/attribution-map.js'
import { createControls } from './views/controls.js'
import { createJobView } from './views/job-view.js'
import { showAttributionFacts, showDevice, showRankingFacts } from './views/machine.js'
import { createProbabilities } from './views/probabilities.js'
import { createQuestionView } from './views/question.js'
import { createRankingView } from './views/ranking.js'
import { createStrip, type Strip } from './views/strip.js'

interface Data {
  readonly heldOut: ImageSet
  readonly references: ImageSet
  readonly training: Training
}

const folder = new URL('mnist/', document.baseURI).href
const element = (id: string): HTMLElement => find(`#${id}`, HTMLElement)

const address = readAddress(new URLSearchParams(location.search))
const problems = [...address.problems]
let data: Data | undefined
let picked: number | undefined
let strip: Strip | undefined

const probabilities = createProbabilities(element('probabilities'), (target) => {
  session.choose(target)
})
const map = createAttributionMap(find('#attribution-map', HTMLCanvasElement), element('color-bar'))
const ranking = createRankingView()

const answerJob = createJobView(element('answer-job'), {
  doing: 'Starting the model',
  unit: '',
  cancel: undefined,
  retry: () => void session.answer(),
  results: [element('answer-results')],
})
const attributionJob = createJobView(element('attribution-job'), {
  doing: 'Following the path',
  unit: 'points',
  cancel: () => {
    session.cancelAttribution()
  },
  retry: () => void session.attribute(),
  results: [element('attribution-results'), element('machine-attribution')],
})
const rankingJob = createJobView(element('similarity-job'), {
  doing: 'Going through the training digits',
  unit: 'digits',
  cancel: () => {
    session.cancelRanking()
  },
  retry: () => void session.rank(),
  results: [element('neighbours'), element('means-results'), element('machine-similarity')],
})

const session = new Session(
  { dataSet: 'mnist', folder, settings: address.settings },
  {
    answer(state) {
      answerJob.show(state)
      if (state.status !== 'done') return
      probabilities.show(state.value.prediction)
      showDevice(element('machine-device'), state.value.prediction)
      setText(element('answer-caption'), answerCaption(state.value))
    },
    target(target) {
      probabilities.showTarget(target)
    },
    attribution(state) {
      attributionJob.show(state)
      if (state.status !== 'done') return
      const shown = signedMapOf(state.value)
      map.show(shown)
      setText(element('attribution-caption'), attributionCaption(shown))
      setText(element('attribution-delta'), deltaText(shown))
      showAttributionFacts(element('machine-attribution'), state.value)
    },
    ranking(state) {
      rankingJob.show(state)
      if (state.status !== 'done' || data === undefined) return
      ranking.show(state.value, data.references)
      showRankingFacts(element('machine-similarity'), state.value)
    },
  },
)

const question = createQuestionView({
  startDrawing() {
    picked = undefined
    strip?.mark(undefined)
    keepAddress()
    session.ask(undefined)
  },
  drawn(pixels) {
    session.ask({ input: imageInput(pixels), truth: undefined })
  },
})

createControls(address.settings, (change) => {
  session.change(change)
  keepAddress()
})

function pick(index: number): void {
  if (data === undefined) return
  const { heldOut } = data
  const pixels = imageOf(heldOut, index)
  const trueLabel = heldOut.labels[index] ?? 0
  picked = index
  strip?.mark(index)
  question.showPicked(index, pixels, trueLabel)
  keepAddress()
  session.ask({ input: imageInput(pixels), truth: trueLabel })
}

/** The page's address leads back to what it shows. */
function keepAddress(): void {
  history.replaceState(null, '', location.pathname + writeAddress(session.settings, picked))
}

function showProblems(): void {
  const notice = element('address-notice')
  notice.hidden = problems.length === 0
  setText(notice, problems.join(' '))
}

function showData({ heldOut, training }: Data): void {
  strip = createStrip(element('strip'), heldOut, training.heldOut.misclassified, pick)
  const { correct, count, accuracy } = training.heldOut
  setText(
    element('model-facts'),
    `The model: ${formatCount(training.parameterCount)} parameters, trained on ` +
      `${formatCount(training.training.count)} digits; right on ${formatCount(correct)} of ` +
      `${formatCount(count)} held-out ones (${formatTablePercent(accuracy)}).`,
  )
  if (address.digit !== undefined && address.digit >= heldOut.count) {
    problems.push(
      `digit=${String(address.digit)} in the address: there are ${formatCount(heldOut.count)} held-out digits, counted from 0.`,
    )
    showProblems()
  }
  const first =
    address.digit !== undefined && address.digit < heldOut.count ? address.digit : undefined
  if (picked === undefined) pick(first ?? strip.indices[0] ?? 0)
}

const dataJob = new Job<Data>((state) => {
  dataJobView.show(state)
})
const dataJobView = createJobView(element('data-job'), {
  doing: 'Loading the digits',
  unit: '',
  cancel: undefined,
  retry: () => void loadData(),
  results: [],
})

async function loadData(): Promise<void> {
  data = await dataJob.run(async ({ signal }) => {
    const [heldOut, references, training] = await Promise.all([
      loadImages(folder, 'heldOut', signal),
      loadImages(folder, 'references', signal),
      loadTraining(folder),
    ])
    return { heldOut, references, training }
  })
  if (data !== undefined) showData(data)
}

showProblems()
void loadData()
