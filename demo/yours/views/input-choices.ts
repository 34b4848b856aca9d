import { createNumberFormat } from 'gradlens/elements'
import { create } from '../../dom.js'
import { offeredScalings, scalings, type ScalingName } from '../data/scalings.js'
import type { Choices } from '../choices.js'
import { needsScaling, type Session } from '../session.js'
import { findBetter, type Trial } from '../workshop/trial.js'
import { listSome } from './about.js'
import { createChecks, createRadios, createSelect, type RadioChoice } from './fields.js'
import { createFailure, messageOf } from './failure.js'

export interface InputChoicesOptions {
  readonly session: Session
  readonly choices: Choices
  readonly signal: AbortSignal
  readonly onChange: (choices: Choices) => void
  /** Shows that the model's answers are better with another scaling. */
  readonly suggest: (notice: readonly HTMLElement[]) => void
}

/** How the examples become what the model takes. Each way is tried on labelled examples. */
export function showInputChoices(root: HTMLElement, options: InputChoicesOptions): void {
  const { session, choices } = options
  const { data, model } = session
  options.suggest([])
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

/** How the examples' numbers are scaled for the model, in a sentence; '' if they are taken as they are. */
export function describeScaling({ data, model }: Session, { plan }: Choices): string {
  if (data === undefined || model === undefined) return ''
  if (data.kind === 'table') {
    return plan.table.scaling === 'standard' ? 'Numbers are standardized.' : 'Numbers as they are.'
  }
  const { scaling } = plan.pixels
  return needsScaling(model, data) && scaling !== null
    ? `Pixels become ${scalings[scaling].label}.`
    : ''
}

function pixelChoices(options: InputChoicesOptions): HTMLElement[] {
  const { session, choices, signal, onChange } = options
  const { plan } = choices
  const choose = (scaling: string): void => {
    onChange({
      ...choices,
      plan: { ...plan, pixels: { ...plan.pixels, scaling: scaling as ScalingName } },
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
    const trials: Trial[] = []
    for (const [index, scaling] of offeredScalings.entries()) {
      const tried = { ...plan, pixels: { ...plan.pixels, scaling } }
      const trial = await session.client.call('tryPlan', [choices.output, tried], { signal })
      trials.push(trial)
      notes[index]?.replaceChildren(describeTrial(trial, session))
    }
    suggestBetter(trials, radios, options, plan.pixels.scaling, choose)
  }
  run().catch((error: unknown) => {
    if (signal.aborted) return
    for (const note of notes) note.replaceChildren()
    // Once a scaling is chosen, the same failure is reported where the examples are encoded.
    if (plan.pixels.scaling === null) options.suggest([createFailure(messageOf(error))])
  })
  return [group]
}

/** Says so if the model's answers are much better with another scaling than with the chosen one. */
function suggestBetter(
  trials: readonly Trial[],
  radios: readonly RadioChoice[],
  { session, suggest }: InputChoicesOptions,
  chosen: string | null,
  choose: (scaling: string) => void,
): void {
  const own = radios.findIndex(({ value }) => value === chosen)
  const better = findBetter(trials, own)
  const [now, then] = [trials[own], trials[better ?? -1]]
  const radio = radios[better ?? -1]
  if (now === undefined || then === undefined || radio === undefined) return
  const button = create('button', '', `Use ${radio.label}`)
  button.type = 'button'
  button.addEventListener('click', () => {
    choose(radio.value)
  })
  const text = `With numbers ${radio.label}, the model is ${describeTrial(then, session)}. Now it is ${describeTrial(now, session)}.`
  suggest([create('p', '', text), button])
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
  options: InputChoicesOptions,
  columns: readonly { readonly name: string; readonly kind: string; readonly width: number }[],
): HTMLElement[] {
  const { session, choices, signal, onChange } = options
  const { plan } = choices
  const { label, features, scaling } = plan.table
  const change = (table: Partial<Choices['plan']['table']>): void => {
    onChange({ ...choices, plan: { ...plan, table: { ...plan.table, ...table } } })
  }
  const hasNumbers = columns.some(({ name, kind }) => kind === 'number' && features.includes(name))
  const names = columns.map(({ name }) => ({ value: name, label: name }))
  const radios: RadioChoice[] = [
    { value: 'none', label: 'as they are', note: '…' },
    { value: 'standard', label: 'minus their mean, divided by their deviation', note: '…' },
  ]
  const choose = (value: string): void => {
    change({ scaling: value as 'none' | 'standard' })
  }
  const group = createRadios(
    'Was the model trained on these numbers, or on standardized ones? Its answers for some of your rows:',
    radios,
    scaling,
    choose,
  )
  const notes = [...group.querySelectorAll('.note')]
  const run = async (): Promise<void> => {
    const trials: Trial[] = []
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
      trials.push(trial)
      notes[index]?.replaceChildren(describeTrial(trial, session))
    }
    suggestBetter(trials, radios, options, scaling, choose)
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
        // The order is kept, which may be that of the model's inputs.
        change({
          features: [
            ...features.filter((name) => chosen.includes(name)),
            ...chosen.filter((name) => !features.includes(name)),
          ],
        })
      },
    ),
    ...(hasNumbers ? [group] : []),
  ]
}
