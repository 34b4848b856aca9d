import { create } from '../../dom.js'

export interface Choice {
  readonly value: string
  readonly label: string
}

/** A select with its label. A single choice is shown as text. */
export function createSelect(
  label: string,
  choices: readonly Choice[],
  value: string,
  onChange: (value: string) => void,
): HTMLElement {
  const select = create(
    'select',
    '',
    ...choices.map((choice) => {
      const option = create('option', '', choice.label)
      option.value = choice.value
      return option
    }),
  )
  select.value = value
  select.disabled = choices.length === 1
  select.addEventListener('change', () => {
    onChange(select.value)
  })
  return create('label', 'field', label, select)
}

let groups = 0

export interface RadioChoice extends Choice {
  readonly note: string
}

/** A group of radios with a note each. */
export function createRadios(
  legend: string,
  choices: readonly RadioChoice[],
  value: string | null,
  onChange: (value: string) => void,
): HTMLElement {
  const name = `radios-${groups++}`
  return create(
    'fieldset',
    'options',
    create('legend', '', legend),
    ...choices.map((choice) => {
      const radio = create('input', '')
      Object.assign(radio, { type: 'radio', name, value: choice.value })
      radio.checked = choice.value === value
      radio.addEventListener('change', () => {
        onChange(choice.value)
      })
      const note = create('span', 'note', choice.note)
      return create('label', '', radio, create('span', '', choice.label), note)
    }),
  )
}

/** A group of checkboxes. */
export function createChecks(
  legend: string,
  choices: readonly Choice[],
  chosen: readonly string[],
  onChange: (chosen: readonly string[]) => void,
): HTMLElement {
  const boxes = choices.map(({ value }) => {
    const box = create('input', '')
    Object.assign(box, { type: 'checkbox', value })
    box.checked = chosen.includes(value)
    box.addEventListener('change', () => {
      onChange(boxes.filter(({ checked }) => checked).map((own) => own.value))
    })
    return box
  })
  const labels = boxes.map((box, index) => create('label', '', box, choices[index]?.label ?? ''))
  return create('fieldset', 'columns', create('legend', '', legend), ...labels)
}
