import { html, type TemplateResult } from 'lit'

export type SavedFormat = 'png' | 'svg' | 'csv'

const labels: Readonly<Record<SavedFormat, string>> = {
  png: 'Image (PNG)',
  svg: 'Drawing (SVG)',
  csv: 'Table (CSV)',
}

/** The menu that saves the result. */
export function renderSaveMenu(save: (format: SavedFormat) => void): TemplateResult {
  return html`
    <details class="save" part="save" @focusout=${closeOnLeave} @keydown=${closeOnEscape}>
      <summary>Save</summary>
      <div class="save-choices">
        ${(['png', 'svg', 'csv'] as const).map(
          (format) => html`
            <button
              type="button"
              @click=${({ currentTarget }: Event) => {
                close(currentTarget)
                save(format)
              }}
            >
              ${labels[format]}
            </button>
          `,
        )}
      </div>
    </details>
  `
}

function close(inside: EventTarget | null): void {
  const menu = inside instanceof Element ? inside.closest('details') : null
  if (menu === null) return
  menu.open = false
  menu.querySelector('summary')?.focus()
}

function closeOnLeave({ currentTarget, relatedTarget }: FocusEvent): void {
  const isInside =
    relatedTarget instanceof Node && (currentTarget as Element).contains(relatedTarget)
  if (!isInside) (currentTarget as HTMLDetailsElement).open = false
}

function closeOnEscape({ key, currentTarget }: KeyboardEvent): void {
  if (key === 'Escape') close(currentTarget)
}
