import { formatCount } from 'gradlens/elements'
import { fillSelect, find } from '../dom.js'
import {
  gradientSources,
  methods,
  simFns,
  stepsRange,
  type DeviceChoice,
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

export interface ControlChoices {
  readonly defaults: Settings
  readonly devices: readonly DeviceChoice[]
  /** Smaller numbers of training examples to choose from. */
  readonly referenceCounts: readonly number[]
  readonly hasStore: boolean
}

/** Fills the controls with their choices and reports each change. Controls without a choice are hidden. */
export function createControls(
  settings: Settings,
  { defaults, devices, referenceCounts, hasStore }: ControlChoices,
  change: (change: Partial<Settings>) => void,
): void {
  connect('#sim-fn', simFns, settings.simFn, defaults.simFn, (simFn) => {
    change({ simFn })
  })
  connect('#method', methods, settings.method, defaults.method, (method) => {
    change({ method })
  })
  connect(
    '#device',
    devices,
    settings.device,
    defaults.device,
    (device) => {
      change({ device })
    },
    (device) => deviceLabels[device],
  )
  find('#gradients-field', HTMLElement).hidden = !hasStore
  connect(
    '#gradients',
    gradientSources,
    settings.gradients,
    defaults.gradients,
    (gradients) => {
      change({ gradients })
    },
    (source) => gradientLabels[source],
  )
  const counts = [...new Set([...referenceCounts, defaults.references, settings.references])].sort(
    (a, b) => a - b,
  )
  find('#references-field', HTMLElement).hidden = counts.length === 1
  connect(
    '#references',
    counts,
    settings.references,
    defaults.references,
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
