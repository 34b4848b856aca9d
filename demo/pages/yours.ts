import 'gradlens/elements/define'
import { formatBytes, formatDuration, GlExplainer, Job } from 'gradlens/elements'
import { create, find, setText } from '../dom.js'
import { keepOffline } from '../offline/keep-offline.js'
import { createJobView } from '../views/job-view.js'
import { Answer, type Question } from '../yours/answer.js'
import { createAttribution, createPredict } from '../yours/explain-proxies.js'
import { baseName, type NamedFile } from '../yours/files/named-file.js'
import { loadSession, type KeptSession } from '../yours/keep/kept-sessions.js'
import type { ModelFacts } from '../yours/models/model-facts.js'
import { loadCars, loadDigits, type Sample } from '../yours/samples.js'
import type { Choices } from '../yours/choices.js'
import { Session, type Matched } from '../yours/session.js'
import { TakeAway } from '../yours/take-away.js'
import { countOf, describeExamples, describeModel } from '../yours/views/about.js'
import { createDropZone, ignoreOtherDrops } from '../yours/views/drop-zone.js'
import { ExamplesStrip, labelOf } from '../yours/views/examples-strip.js'
import { messageOf, showInputChoices } from '../yours/views/input-choices.js'
import { createFailure, showMethodChoices } from '../yours/views/method-choices.js'
import { showOwnExample } from '../yours/views/own-example.js'
import type { DataFacts } from '../yours/workshop/data-facts.js'

/** Comparisons that take less are started without a question. */
const quickSeconds = 5
const quickBytes = 300e6

const session = new Session()
const explainer = find('#explainer', GlExplainer)
const askAbout = find('#ask-about', HTMLElement)
const own = find('#own', HTMLElement)
const strip = new ExamplesStrip(find('#examples', HTMLElement), (index) => void askExample(index))
const answer = new Answer(
  session,
  { root: find('#answer', HTMLElement), title: find('#answer-title', HTMLElement), explainer },
  () => {
    find('#take', HTMLElement).hidden = false
  },
)
let matched: Matched | undefined
/** What was asked last, to be asked again with other methods. */
let asked: Question | undefined
/** Ends what belongs to the choices before. */
let choosing = new AbortController()

const modelJob = createJob<ModelFacts>('model', 'Reading the model', (facts) => {
  showAbout('#model-about', describeModel(facts))
})
const dataJob = createJob<DataFacts>('data', 'Reading the examples', (facts) => {
  showAbout('#data-about', describeExamples(facts))
})
const matchJob = createJob<Matched>('match', 'Preparing the examples', showMatch)

/** A job with its progress and its failures in the place of its results. */
function createJob<Value>(name: string, doing: string, show: (value: Value) => void): Job<Value> {
  const about = find(`#${name}-about`, HTMLElement)
  const progress = find(`#${name}-job`, HTMLElement)
  const view = createJobView(`${name}-job`, {
    doing,
    unit: 'examples',
    cancel: () => {
      job.cancel()
    },
    retry: () => {
      void match()
    },
    results: [],
  })
  const job = new Job<Value>((state) => {
    progress.hidden =
      state.status === 'done' || state.status === 'failed' || state.status === 'idle'
    view(state)
    if (state.status === 'done') show(state.value)
    if (state.status === 'failed') about.replaceChildren(createFailure(messageOf(state.error)))
  })
  progress.hidden = true
  return job
}

function showAbout(selector: string, content: readonly HTMLElement[]): void {
  const about = find(selector, HTMLElement)
  about.replaceChildren(...content)
  about.closest('.drop')?.toggleAttribute('data-ready', true)
}

async function takeModel(files: readonly NamedFile[]): Promise<void> {
  hideResults()
  const facts = await modelJob.run((call) => session.openModel(files, call))
  if (facts !== undefined) await begin()
}

async function takeData(files: readonly NamedFile[]): Promise<void> {
  hideResults()
  const facts = await dataJob.run((call) => session.readData(files, call))
  if (facts !== undefined) await begin()
}

async function takeSample(load: () => Promise<Sample>): Promise<void> {
  hideResults()
  let sample: Sample | undefined
  const facts = await modelJob.run(async (call) => {
    sample = await load()
    return session.openModel(sample.model, call)
  })
  if (facts === undefined || sample === undefined) return
  const { data, scaling } = sample
  if ((await dataJob.run((call) => session.readData(data, call))) === undefined) return
  const { plan, ...choices } = session.suggest()
  await choose({
    ...choices,
    plan: {
      pixels: { ...plan.pixels, scaling: scaling.pixels ?? plan.pixels.scaling },
      table: { ...plan.table, scaling: scaling.table ?? plan.table.scaling },
    },
  })
}

function hideResults(): void {
  choosing.abort()
  matchJob.reset()
  hideAnswers()
  for (const id of ['match', 'take']) find(`#${id}`, HTMLElement).hidden = true
}

/** Starts with the choices that the files leave no doubt about, once both are there. */
async function begin(): Promise<void> {
  if (session.model !== undefined && session.data !== undefined) await choose(session.suggest())
}

async function choose(choices: Choices): Promise<void> {
  choosing.abort()
  choosing = new AbortController()
  session.choices = choices
  asked = undefined
  find('#match', HTMLElement).hidden = false
  showInputChoices(find('#input-choices', HTMLElement), {
    session,
    choices,
    signal: choosing.signal,
    onChange: (next) => void choose(next),
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
    find('#match-about', HTMLElement).replaceChildren()
    return
  }
  const found = await matchJob.run((call) => session.match(choices, call))
  if (found === undefined) return
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
  await (asked === undefined ? askExample(found.offered[0]?.index ?? 0) : ask(asked))
}

function hideAnswers(): void {
  matched = undefined
  answer.clear(undefined)
  askAbout.replaceChildren()
  find('#ask', HTMLElement).hidden = find('#run', HTMLElement).hidden = true
}

function showMatch({ encoded }: Matched): void {
  const lines = [
    `${countOf(encoded.count, 'example')} fit the model: ${formatBytes(encoded.byteLength)} as numbers.`,
    ...(encoded.labelKind === 'none'
      ? ['There are no labels, so the model’s own answers are used.']
      : []),
    ...encoded.problems,
  ]
  find('#match-about', HTMLElement).replaceChildren(create('p', '', lines.join(' ')))
}

function showMatched(found: Matched): void {
  const { encoded, estimate, fields, baseline } = found
  const { data, model } = session
  if (model === undefined) return
  matched = found
  answer.clear(found)
  takeAway.update()
  strip.show(model, found)
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
  setText(
    find('#estimate', HTMLElement),
    `Comparing with ${countOf(encoded.count, 'training example')} takes about ${formatDuration(1000 * estimate.seconds)} ` +
      `and ${formatBytes(estimate.memoryBytes)} of memory for their gradients, measured on ${countOf(estimate.measuredCount, 'example')}. ` +
      'The gradients of one layer take less.',
  )
  const isQuick = estimate.seconds <= quickSeconds && estimate.memoryBytes <= quickBytes
  find('#compare', HTMLElement).hidden = isQuick
  find('#ask', HTMLElement).hidden = find('#run', HTMLElement).hidden = false
  showOwnExample(own, {
    kind: isPicture ? 'picture' : takesTexts ? 'text' : 'row',
    fields,
    needsValue: encoded.labelKind === 'values',
    ask: (asked, value) => void ask({ text: 'Your own example', asked, value }),
    fail: failIn('#ask-about'),
  })
  if (isQuick) compare()
}

function compare(): void {
  find('#compare', HTMLElement).hidden = true
  answer.compare()
}

async function askExample(index: number): Promise<void> {
  if (matched === undefined) return
  const label = labelOf(matched.encoded, index)
  await ask({
    text: `Training example no. ${index}${label === '' ? '' : `, whose label is ${label}`}`,
    asked: { kind: 'example', index },
  })
}

async function ask(question: Question): Promise<void> {
  askAbout.replaceChildren()
  markAsked(question)
  try {
    await answer.ask(question)
    asked = question
  } catch (error) {
    failIn('#ask-about')(error)
    markAsked(answer.question)
  }
}

function askPicture(blob: Blob, text: string): void {
  void ask({ text, asked: { kind: 'picture', blob } })
}

function markAsked(question: Question | undefined): void {
  strip.mark(question?.asked.kind === 'example' ? question.asked.index : undefined)
}

async function openKept({ id, choices }: KeptSession): Promise<void> {
  hideResults()
  let data: readonly NamedFile[] = []
  const facts = await modelJob.run(async (call) => {
    const files = await loadSession(id)
    ;({ data } = files)
    return session.openModel(files.model, call)
  })
  if (facts === undefined) return
  if ((await dataJob.run((call) => session.readData(data, call))) === undefined) return
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
createDropZone(
  own,
  ([file]) => {
    if (file !== undefined) askPicture(file.blob, `Your picture, ${baseName(file.path)}`)
  },
  failIn('#ask-about'),
)
ignoreOtherDrops()
document.addEventListener('paste', ({ clipboardData }) => {
  const [file] = clipboardData?.files ?? []
  if (file !== undefined && !own.closest('section')?.hidden) {
    askPicture(file, 'Your picture, from the clipboard')
  }
})
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
