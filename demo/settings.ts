export const simFns = ['grad_cos', 'grad_dot', 'grad_asym_dot'] as const
export type SimFn = (typeof simFns)[number]

export const methods = [
  'gausslegendre',
  'riemann_left',
  'riemann_right',
  'riemann_middle',
  'riemann_trapezoid',
] as const
export type Method = (typeof methods)[number]

export const deviceChoices = ['auto', 'webgpu', 'wasm', 'cpu'] as const
export type DeviceChoice = (typeof deviceChoices)[number]

/**
 * The source of the training gradients: the page's store, if it has one, or a computation in the
 * page.
 */
export const gradientSources = ['stored', 'computed'] as const
export type GradientSource = (typeof gradientSources)[number]

/** The settings of a page. The address can contain all of them. */
export interface Settings {
  readonly simFn: SimFn
  readonly method: Method
  readonly steps: number
  readonly references: number
  readonly gradients: GradientSource
  readonly device: DeviceChoice
}

export const defaultSettings: Omit<Settings, 'references'> = {
  simFn: 'grad_cos',
  method: 'gausslegendre',
  steps: 50,
  gradients: 'stored',
  device: 'auto',
}

export const stepsRange = { min: 2, max: 5000 } as const
/** The five most similar and the five least need ten. */
const fewestReferences = 10

export interface Address {
  readonly settings: Settings
  /** The held-out example to show first. */
  readonly picked: number | undefined
  /** One sentence for each parameter that could not be used. */
  readonly problems: readonly string[]
}

/** The parameters of a page's address. */
export interface AddressForm {
  /** The parameter for the example: 'digit', for example. */
  readonly example: string
  /** The page's defaults. The default number of training examples is the greatest. */
  readonly defaults: Settings
  /** The devices that the page's model can run on. */
  readonly devices: readonly DeviceChoice[]
}

/** Reads the settings from a query. Invalid values are reported and replaced by the default. */
export function readAddress(
  query: URLSearchParams,
  { example, defaults, devices }: AddressForm,
): Address {
  const problems: string[] = []

  const choice = <Choice extends string>(
    name: string,
    choices: readonly Choice[],
    fallback: Choice,
  ): Choice => {
    const value = query.get(name)
    if (value === null) return fallback
    const found = choices.find((candidate) => candidate === value)
    if (found !== undefined) return found
    problems.push(
      `${name}=${value} in the address is not one of ${choices.join(', ')}; using ${fallback}.`,
    )
    return fallback
  }

  const integer = <Fallback>(
    name: string,
    min: number,
    max: number,
    fallback: Fallback,
  ): number | Fallback => {
    const text = query.get(name)
    if (text === null) return fallback
    const value = Number(text)
    if (text !== '' && Number.isInteger(value) && value >= min && value <= max) return value
    const remedy = fallback === undefined ? 'ignored' : `using ${String(fallback)}`
    problems.push(
      `${name}=${text} in the address is not an integer from ${min} to ${max}; ${remedy}.`,
    )
    return fallback
  }

  const settings: Settings = {
    simFn: choice('simFn', simFns, defaults.simFn),
    method: choice('method', methods, defaults.method),
    steps: integer('steps', stepsRange.min, stepsRange.max, defaults.steps),
    references: integer('references', fewestReferences, defaults.references, defaults.references),
    gradients: choice('gradients', gradientSources, defaults.gradients),
    device: choice('device', devices, defaults.device),
  }
  const picked = integer(example, 0, Number.MAX_SAFE_INTEGER, undefined)
  return { settings, picked, problems }
}

/** The shortest query for these settings. */
export function writeAddress(
  settings: Settings,
  picked: number | undefined,
  { example, defaults }: Pick<AddressForm, 'example' | 'defaults'>,
): string {
  const query = new URLSearchParams()
  for (const name of ['device', 'references', 'gradients', 'simFn', 'method', 'steps'] as const) {
    if (settings[name] !== defaults[name]) query.set(name, String(settings[name]))
  }
  if (picked !== undefined) query.set(example, String(picked))
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}
