import { formatCount } from 'gradlens/elements'
import { fillSelect, find } from '../dom.js'
import {
  defaultSettings,
  deviceChoices,
  gradientSources,
  methods,
  simFns,
  stepsRange,
  type Settings,
} from '../settings.js'

const deviceLabels = {
  auto: 'best available',
  webgpu: 'WebGPU',
  wasm: 'WASM',
  cpu: 'plain JavaScript',
} as const

const gradientLabels = {
  stored: 'stored, projected',
  computed: 'exact, computed here',
} as const

/** Fills the controls with their choices and reports each change. */
export function createControls(
  settings: Settings,
  references: {
    readonly total: number
    readonly referenceCounts: readonly number[]
    readonly hasStore?: boolean
  },
  change: (change: Partial<Settings>) => void,
): void {
  connect('#sim-fn', simFns, settings.simFn, defaultSettings.simFn, (simFn) => {
    change({ simFn })
  })
  connect('#method', methods, settings.method, defaultSettings.method, (method) => {
    change({ method })
  })
  connect(
    '#device',
    deviceChoices,
    settings.device,
    defaultSettings.device,
    (device) => {
      change({ device })
    },
    (device) => deviceLabels[device],
  )
  const { total, referenceCounts, hasStore = false } = references
  find('#gradients-field', HTMLElement).hidden = !hasStore
  connect(
    '#gradients',
    gradientSources,
    settings.gradients,
    defaultSettings.gradients,
    (gradients) => {
      change({ gradients })
    },
    (source) => gradientLabels[source],
  )
  const counts = [...new Set([...referenceCounts, total, settings.references])].sort(
    (a, b) => a - b,
  )
  connect(
    '#references',
    counts,
    settings.references,
    total,
    (references) => {
      change({ references })
    },
    formatCount,
  )
  connectSteps(settings.steps, (steps) => {
    change({ steps })
  })
}

function connect<Value extends string | number>(
  selector: string,
  choices: readonly Value[],
  value: Value,
  defaultValue: Value,
  choose: (value: Value) => void,
  label: (value: Value) => string = String,
): void {
  const select = find(selector, HTMLSelectElement)
  const options = choices.map((choice) => ({ value: String(choice), label: label(choice) }))
  fillSelect(select, options, String(defaultValue))
  select.value = String(value)
  select.addEventListener('change', () => {
    const chosen = choices[select.selectedIndex]
    if (chosen !== undefined) choose(chosen)
  })
}

function connectSteps(value: number, choose: (steps: number) => void): void {
  const input = find('#steps', HTMLInputElement)
  input.min = String(stepsRange.min)
  input.max = String(stepsRange.max)
  input.value = String(value)
  input.addEventListener('change', () => {
    if (input.reportValidity()) choose(input.valueAsNumber)
  })
}
