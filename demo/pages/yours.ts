import 'gradlens/elements/define'
import { formatBytes, formatDuration, GlExplainer } from 'gradlens/elements'
import { find, setText } from '../dom.js'
import { keepOffline } from '../offline/keep-offline.js'
import { Answer } from '../yours/answer.js'
import { createAttribution, createPredict } from '../yours/explain-proxies.js'
import type { NamedFile } from '../yours/files/named-file.js'
import { loadSession, type KeptSession } from '../yours/keep/kept-sessions.js'
import type { ModelFacts } from '../yours/models/model-facts.js'
import { loadCars, loadDigits, type Sample } from '../yours/samples.js'
import type { Choices } from '../yours/choices.js'
import { Questions } from '../yours/questions.js'
import { Session, type Matched } from '../yours/session.js'
import { TakeAway } from '../yours/take-away.js'
import {
  countOf,
  describeExamples,
  describeInside,
  describeMatch,
  describeModel,
} from '../yours/views/about.js'
import { createDropZone, ignoreOtherDrops } from '../yours/views/drop-zone.js'
import { createFailure, messageOf } from '../yours/views/failure.js'
import { describeScaling, showInputChoices } from '../yours/views/input-choices.js'
import { LabelsToCheck } from '../yours/views/labels-to-check.js'
import { showMethodChoices } from '../yours/views/method-choices.js'
import { SetupJob } from '../yours/views/setup-job.js'
import { Setup, type SetupName } from '../yours/views/setup.js'
import type { DataFacts } from '../yours/workshop/data-facts.js'

/** Comparisons that take less are started without a question. */
const quickSeconds = 5
const quickBytes = 300e6

const session = new Session()
const explainer = find('#explainer', GlExplainer)
const answer = new Answer(
  session,
  { root: find('#answer', HTMLElement), title: find('#answer-title', HTMLElement), explainer },
  () => {
    find('#take', HTMLElement).hidden = false
  },
)
const questions = new Questions(answer)
const labels = new LabelsToCheck(session, explainer, (index) => {
  void questions.askAbout(index).then(() => {
    find('#answer-title', HTMLElement).scrollIntoView()
  })
})
const setup = new Setup()
let matched: Matched | undefined
/** Ends what belongs to the choices before. */
let choosing = new AbortController()

const modelJob = new SetupJob<ModelFacts>('model', {
  doing: 'Reading the model',
  describe(facts) {
    find('#model-more', HTMLElement).replaceChildren(...describeInside(facts))
    return describeModel(facts)
  },
  keepsFormer: true,
})
const dataJob = new SetupJob<DataFacts>('data', {
  doing: 'Reading the examples',
  describe: describeExamples,
  keepsFormer: true,
})
const matchJob = new SetupJob<Matched>('match', {
  doing: 'Preparing the examples',
  describe: (found) => describeMatch(found, describeScaling(session, found.choices)),
  keepsFormer: false,
})

async function takeModel(files: readonly NamedFile[]): Promise<void> {
  const facts = await modelJob.run(
    (call) => session.openModel(files, call),
    () => void takeModel(files),
  )
  if (facts !== undefined) await begin('model-drop')
}

async function takeData(files: readonly NamedFile[]): Promise<void> {
  const facts = await dataJob.run(
    (call) => session.readData(files, call),
    () => void takeData(files),
  )
  if (facts !== undefined) await begin('data-drop')
}

async function takeSample(load: () => Promise<Sample>): Promise<void> {
  const again = (): void => void takeSample(load)
  let sample: Sample | undefined
  const facts = await modelJob.run(async (call) => {
    sample = await load()
    return session.openModel(sample.model, call)
  }, again)
  hideResults()
  if (facts === undefined || sample === undefined) return
  const { data, scaling } = sample
  if ((await dataJob.run((call) => session.readData(data, call), again)) === undefined) return
  const { plan, ...choices } = session.suggest()
  await choose({
    ...choices,
    plan: {
      pixels: { ...plan.pixels, scaling: scaling.pixels ?? plan.pixels.scaling },
      table: { ...plan.table, scaling: scaling.table ?? plan.table.scaling },
    },
  })
  // The button that had the focus is hidden now.
  find('#answer-title', HTMLElement).focus({ preventScroll: true })
}

function hideResults(): void {
  choosing.abort()
  matchJob.reset()
  hideAnswers()
  for (const id of ['match', 'take']) find(`#${id}`, HTMLElement).hidden = true
}

/** Starts with the choices that the files leave no doubt about, once both are there. */
async function begin(changed: SetupName): Promise<void> {
  hideResults()
  setup.toggle(changed, false)
  if (session.model !== undefined && session.data !== undefined) await choose(session.suggest())
}

async function choose(choices: Choices): Promise<void> {
  choosing.abort()
  choosing = new AbortController()
  session.choices = choices
  questions.forget()
  find('#match', HTMLElement).hidden = false
  showInputChoices(find('#input-choices', HTMLElement), {
    session,
    choices,
    signal: choosing.signal,
    onChange: (next) => void choose(next),
    suggest: (notice) => {
      find('#better-scaling', HTMLElement).replaceChildren(...notice)
    },
  })
  await match()
}

async function match(): Promise<void> {
  const { choices } = session
  if (choices === undefined) return
  hideAnswers()
  const methods = find('#methods', HTMLElement)
  if (choices.plan.pixels.scaling === null) {
    matchJob.reset()
    methods.hidden = true
    setup.enter('choices')
    return
  }
  const found = await matchJob.run(
    (call) => session.match(choices, call),
    () => void match(),
  )
  if (matchJob.state.status === 'failed') setup.enter('choices')
  if (found === undefined) return
  setup.enter('questions')
  methods.hidden = false
  showMethodChoices(find('#choices', HTMLElement), {
    session,
    choices,
    losses: found.encoded.losses,
    groups: found.groups,
    onChange: (next) => {
      session.choices = next
      void match()
    },
  })
  showMatched(found)
  await questions.askAgain()
}

function hideAnswers(): void {
  matched = undefined
  answer.clear(undefined)
  labels.follow(undefined)
  questions.hide()
}

function showMatched(found: Matched): void {
  const { encoded, estimate, fields, baseline } = found
  const { data, model } = session
  if (model === undefined) return
  matched = found
  answer.clear(found)
  labels.follow(found)
  takeAway.update()
  const takesTexts = fields[0]?.name === 'Text' && model.embedding !== undefined
  const isPicture = data?.kind === 'pictures' || (data?.kind === 'arrays' && data.isBytes)
  Object.assign(explainer, {
    kind: isPicture ? 'image' : model.embedding === undefined ? 'tabular' : 'text',
    labels: encoded.labelKind === 'values' ? [] : encoded.classNames,
    features: encoded.featureNames,
    similarity: null,
    attribution: createAttribution(found),
    predict: createPredict(found),
    attributionOptions: baseline === null ? {} : { baselines: baseline },
    xTrain: {},
    yTrain: encoded.labels,
    trainLabels: encoded.labels,
  })
  const cost =
    `Comparing with ${countOf(encoded.count, 'training example')} takes about ${formatDuration(1000 * estimate.seconds)} ` +
    `and ${formatBytes(estimate.memoryBytes)} of memory for their gradients, measured on ${countOf(estimate.measuredCount, 'example')}. ` +
    'The gradients of one layer take less.'
  for (const id of ['estimate', 'run-about']) setText(find(`#${id}`, HTMLElement), cost)
  const isQuick = estimate.seconds <= quickSeconds && estimate.memoryBytes <= quickBytes
  find('#run', HTMLElement).hidden = isQuick
  questions.show(model, found, isPicture ? 'picture' : takesTexts ? 'text' : 'row')
  if (isQuick) compare()
}

function compare(): void {
  find('#run', HTMLElement).hidden = true
  answer.compare()
}

async function openKept(kept: KeptSession): Promise<void> {
  const { id, choices } = kept
  const again = (): void => void openKept(kept)
  let data: readonly NamedFile[] = []
  const facts = await modelJob.run(async (call) => {
    const files = await loadSession(id)
    ;({ data } = files)
    return session.openModel(files.model, call)
  }, again)
  hideResults()
  if (facts === undefined) return
  if ((await dataJob.run((call) => session.readData(data, call), again)) === undefined) return
  session.keptAs = id
  await choose(choices)
}

function failIn(selector: string): (error: unknown) => void {
  return (error) => {
    find(selector, HTMLElement).replaceChildren(createFailure(messageOf(error)))
  }
}

createDropZone(
  find('#model-drop', HTMLElement),
  (files) => void takeModel(files),
  failIn('#model-about'),
)
createDropZone(
  find('#data-drop', HTMLElement),
  (files) => void takeData(files),
  failIn('#data-about'),
)
ignoreOtherDrops()
find('#try-cars', HTMLButtonElement).addEventListener('click', () => void takeSample(loadCars))
find('#try-digits', HTMLButtonElement).addEventListener('click', () => void takeSample(loadDigits))
find('#compare', HTMLButtonElement).addEventListener('click', compare)
const takeAway = new TakeAway({
  session,
  explainer,
  answer,
  get matched() {
    return matched
  },
  match,
  open: (kept) => void openKept(kept),
})
keepOffline()
