import type { LossName } from 'gradlens'
import { lossLabels } from '../data/losses.js'
import type { Choices } from '../choices.js'
import type { Session } from '../session.js'
import type { BaselineName } from '../workshop/baselines.js'
import type { ParameterGroup } from '../workshop/parameter-groups.js'
import { countOf } from './about.js'
import { createSelect } from './fields.js'

export interface MethodChoicesOptions {
  readonly session: Session
  readonly choices: Choices
  readonly losses: readonly LossName[]
  readonly groups: readonly ParameterGroup[]
  readonly onChange: (choices: Choices) => void
}

/** Output, loss, layers and functions, each with a default. */
export function showMethodChoices(
  root: HTMLElement,
  { session, choices, losses, groups, onChange }: MethodChoicesOptions,
): void {
  const { model } = session
  if (model === undefined) return
  const select = (
    label: string,
    list: readonly { value: string; label: string }[],
    value: string,
    change: (value: string) => Partial<Choices>,
  ): HTMLElement =>
    createSelect(label, list, value, (next) => {
      onChange({ ...choices, ...change(next) })
    })
  const fields = [
    select(
      'Loss',
      losses.map((value) => ({ value, label: lossLabels[value] ?? value })),
      choices.loss ?? losses[0] ?? '',
      (loss) => ({
        loss: loss as LossName,
      }),
    ),
    select(
      'Gradients of',
      [
        {
          value: '',
          label: `all layers (${countOf(
            groups.reduce((sum, { count }) => sum + count, 0),
            'number',
          )})`,
        },
        ...groups.toReversed().map(({ name, count }) => ({
          value: name,
          label: `${name} (${countOf(count, 'number')})`,
        })),
      ],
      choices.parameters ?? '',
      (value) => ({ parameters: value === '' ? null : value }),
    ),
    select(
      'Compared by',
      [
        { value: 'grad_cos', label: 'direction (grad_cos)' },
        { value: 'grad_dot', label: 'direction and length (grad_dot)' },
      ],
      choices.simFn,
      (value) => ({ simFn: value as Choices['simFn'] }),
    ),
    ...(hasConvolution(session)
      ? [
          select(
            'Map by',
            [
              { value: 'integrated_gradients', label: 'integrated gradients (per pixel)' },
              { value: 'grad_cam', label: 'Grad-CAM (coarse, quick)' },
            ],
            choices.method,
            (value) => ({ method: value as Choices['method'] }),
          ),
        ]
      : []),
    ...(choices.method === 'grad_cam'
      ? []
      : [
          select('Attributed to', listLayers(session), choices.layer ?? '', (value) => ({
            layer: value === '' ? null : value,
          })),
          select('Attributed from', listBaselines(session), choices.baseline, (value) => ({
            baseline: value as BaselineName,
          })),
        ]),
  ]
  if (model.outputs.length > 1) {
    fields.unshift(
      select(
        'Output',
        model.outputs.map(({ name }) => ({ value: name, label: name })),
        choices.output,
        (output) => ({
          output,
          loss: null,
        }),
      ),
    )
  }
  root.replaceChildren(...fields)
}

/** Whether the model has convolutions over pictures. */
const hasConvolution = ({ model }: Session): boolean =>
  model?.inputs[0]?.shape.length === 3 && model.layers.some(({ kind }) => kind.includes('Conv'))

function listLayers({ model }: Session): { value: string; label: string }[] {
  const layers = (model?.layers ?? []).filter(({ kind }) => kind !== 'InputLayer')
  return [
    ...(model?.embedding === undefined ? [{ value: '', label: 'the input' }] : []),
    ...layers.map(({ name, kind }) => ({ value: name, label: `${name} (${kind})` })),
  ]
}

function listBaselines({ data }: Session): { value: BaselineName; label: string }[] {
  const zeros = { value: 'zeros', label: 'zeros' } as const
  const mean = { value: 'mean', label: 'the mean of the examples' } as const
  return data?.kind === 'pictures' || (data?.kind === 'arrays' && data.isBytes)
    ? [zeros, { value: 'black', label: 'black' }, { value: 'white', label: 'white' }, mean]
    : [zeros, mean]
}
