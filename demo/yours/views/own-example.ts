import { create } from '../../dom.js'
import type { FormField } from '../data/encode-table.js'
import type { Question } from '../answer.js'
import { createCamera } from './camera.js'

export interface OwnExampleOptions {
  readonly kind: 'picture' | 'row' | 'text'
  readonly fields: readonly FormField[]
  /** Whether the true value has to be known to compare with training examples. */
  readonly needsValue: boolean
  readonly ask: (question: Question) => void
  readonly fail: (error: unknown) => void
}

/** Ways to ask with an example of one's own: a picture, or the fields of a row. */
export function showOwnExample(
  root: HTMLElement,
  { kind, fields, needsValue, ask, fail }: OwnExampleOptions,
): void {
  if (kind === 'picture') {
    const file = create('input', '')
    Object.assign(file, { type: 'file', accept: 'image/*' })
    file.addEventListener('change', () => {
      const [blob] = file.files ?? []
      if (blob !== undefined) {
        ask({ text: `Your picture, ${blob.name}`, asked: { kind: 'picture', blob } })
      }
      file.value = ''
    })
    root.replaceChildren(
      create('label', 'file-button', 'Choose a picture', file),
      ...createCamera((blob) => {
        ask({ text: 'Your picture from the camera', asked: { kind: 'picture', blob } })
      }, fail),
      create('span', 'hint', 'or drop one here, or paste one (Ctrl+V)'),
    )
    return
  }
  if (fields.length === 0) {
    root.replaceChildren()
    return
  }
  const inputs = fields.map((field) => createInput(field, kind === 'text'))
  const value = create('input', '')
  value.inputMode = 'decimal'
  const button = create('button', '', 'Ask')
  button.type = 'button'
  button.addEventListener('click', () => {
    const truth = value.value.trim() === '' ? undefined : Number(value.value)
    if (truth !== undefined && !Number.isFinite(truth)) {
      fail(new Error(`'${value.value}' in the field 'True value' is not a number.`))
      return
    }
    const cells = inputs.map((input) => input.value)
    ask(
      kind === 'text'
        ? { text: 'Your own text', asked: { kind, text: cells[0] ?? '' } }
        : { text: 'Your own row', asked: { kind: 'row', cells }, value: truth },
    )
  })
  root.replaceChildren(
    ...inputs.map((input, index) =>
      create(
        'label',
        kind === 'text' ? 'field wide-field' : 'field',
        fields[index]?.name ?? '',
        input,
      ),
    ),
    ...(needsValue ? [create('label', 'field', 'True value (to compare)', value)] : []),
    button,
  )
}

function createInput(
  { value, choices }: FormField,
  isText: boolean,
): HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement {
  if (isText) {
    const area = create('textarea', '')
    area.rows = 3
    area.value = value
    return area
  }
  if (choices !== undefined) {
    const select = create('select', '', ...choices.map((choice) => create('option', '', choice)))
    select.value = value
    return select
  }
  const input = create('input', value.length > 12 ? 'wide' : '')
  input.value = value
  input.inputMode = 'decimal'
  return input
}
