import { createNumberFormat } from 'gradlens/elements'
import { create } from '../../dom.js'
import { offeredScalings, scalings } from '../data/scalings.js'
import type { Choices } from '../choices.js'
import { needsScaling, type Session } from '../session.js'
import type { Trial } from '../workshop/trial.js'
import { listSome } from './about.js'
import { createChecks, createRadios, createSelect, type RadioChoice } from './fields.js'

export interface InputChoicesOptions {
  readonly session: Session
  readonly choices: Choices
  readonly signal: AbortSignal
  readonly onChange: (choices: Choices) => void
}

/** How the examples become what the model takes. Each way is tried on labelled examples. */
export function showInputChoices(root: HTMLElement, options: InputChoicesOptions): void {
  const { session, choices } = options
  const { data, model } = session
  if (data === undefined || model === undefined) return
  if (data.kind === 'table') {
    root.replaceChildren(...tableChoices(options, data.columns))
  } else if (!needsScaling(model, data)) {
    root.replaceChildren()
  } else if (model.pixels !== undefined) {
    const { label } = scalings[model.pixels.scaling]
    root.replaceChildren(create('p', '', `Pixels become ${label}, as ${model.pixels.source} says.`))
  } else {
    root.replaceChildren(...pixelChoices(options))
  }
  if (data.kind === 'pictures' && model.pixels === undefined) {
    root.append(fitChoice(options, choices))
  }
}

function pixelChoices({ session, choices, signal, onChange }: InputChoicesOptions): HTMLElement[] {
  const { plan } = choices
  const choose = (scaling: string): void => {
    onChange({
      ...choices,
      plan: { ...plan, pixels: { ...plan.pixels, scaling: scaling as keyof typeof scalings } },
    })
  }
  const radios: RadioChoice[] = offeredScalings.map((value) => ({
    value,
    label: scalings[value].label,
    note: '…',
  }))
  const group = createRadios(
    'Which values of pixels was the model trained with? Its file doesn’t say. These are its answers for some of your examples:',
    radios,
    plan.pixels.scaling,
    choose,
  )
  const notes = [...group.querySelectorAll('.note')]
  const run = async (): Promise<void> => {
    for (const [index, scaling] of offeredScalings.entries()) {
      const tried = { ...plan, pixels: { ...plan.pixels, scaling } }
      const trial = await session.client.call('tryPlan', [choices.output, tried], { signal })
      notes[index]?.replaceChildren(describeTrial(trial, session))
    }
  }
  run().catch((error: unknown) => {
    if (!signal.aborted) notes[0]?.replaceChildren(messageOf(error))
  })
  return [group]
}

/** 'right for 20 of 24', with the first answers. */
function describeTrial(
  { indices, answers, rightCount, meanError }: Trial,
  { model }: Session,
): string {
  const count = indices.length
  if (meanError !== null) {
    return `off by ${createNumberFormat([meanError])(meanError)} on average, for ${count} examples`
  }
  const names = answers.map((answer) => model?.classNames[answer] ?? String(answer))
  return rightCount === null
    ? `says ${listSome(names, 6)}`
    : `right for ${rightCount} of ${count} examples`
}

function fitChoice({ onChange }: InputChoicesOptions, choices: Choices): HTMLElement {
  const { plan } = choices
  return createSelect(
    'Pictures of another shape',
    [
      { value: 'stretch', label: 'are stretched (Keras, default)' },
      { value: 'square', label: 'lose what is outside the middle' },
    ],
    plan.pixels.fit,
    (fit) => {
      onChange({
        ...choices,
        plan: { ...plan, pixels: { ...plan.pixels, fit: fit as 'stretch' | 'square' } },
      })
    },
  )
}

function tableChoices(
  { session, choices, signal, onChange }: InputChoicesOptions,
  columns: readonly { readonly name: string; readonly kind: string; readonly width: number }[],
): HTMLElement[] {
  const { plan } = choices
  const { label, features, scaling } = plan.table
  const change = (table: Partial<Choices['plan']['table']>): void => {
    onChange({ ...choices, plan: { ...plan, table: { ...plan.table, ...table } } })
  }
  const hasNumbers = columns.some(({ name, kind }) => kind === 'number' && features.includes(name))
  const names = columns.map(({ name }) => ({ value: name, label: name }))
  const group = createRadios(
    'Was the model trained on these numbers, or on standardized ones? Its answers for some of your rows:',
    [
      { value: 'none', label: 'as they are', note: '…' },
      { value: 'standard', label: 'minus the mean, by the deviation', note: '…' },
    ],
    scaling,
    (value) => {
      change({ scaling: value as 'none' | 'standard' })
    },
  )
  const notes = [...group.querySelectorAll('.note')]
  const run = async (): Promise<void> => {
    for (const [index, tried] of (['none', 'standard'] as const).entries()) {
      const trial = await session.client.call(
        'tryPlan',
        [
          choices.output,
          {
            ...plan,
            pixels: { ...plan.pixels, scaling: 'bytes' },
            table: { ...plan.table, scaling: tried },
          },
        ],
        { signal },
      )
      notes[index]?.replaceChildren(describeTrial(trial, session))
    }
  }
  // The same failure is reported where the examples are encoded.
  if (hasNumbers)
    run().catch(() => {
      for (const note of notes) note.replaceChildren()
    })
  return [
    createSelect(
      'Column with the labels',
      [...names, { value: '', label: 'none' }],
      label ?? '',
      (value) => {
        const next = value === '' ? null : value
        change({
          label: next,
          features: columns
            .map(({ name }) => name)
            .filter((name) => name !== next && (name === label || features.includes(name))),
        })
      },
    ),
    createChecks(
      'Columns that the model takes, in this order',
      columns
        .filter(({ name }) => name !== label)
        .map(({ name, kind, width }) => ({
          value: name,
          label: kind === 'text' ? `${name} (${width} values)` : name,
        })),
      features,
      (chosen) => {
        change({ features: chosen })
      },
    ),
    ...(hasNumbers ? [group] : []),
  ]
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
