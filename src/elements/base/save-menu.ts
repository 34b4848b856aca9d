import { html, type TemplateResult } from 'lit'

export type SavedFormat = 'png' | 'svg' | 'csv'

const labels: Readonly<Record<SavedFormat, string>> = {
  png: 'Picture (PNG)',
  svg: 'Drawing (SVG)',
  csv: 'Table (CSV)',
}

/** A quiet menu that saves what is shown. */
export function renderSaveMenu(save: (format: SavedFormat) => void): TemplateResult {
  return html`
    <details class="save" part="save" @focusout=${closeLeft} @keydown=${closeByEscape}>
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

/** Hands the file to the visitor's browser. */
export function download(file: Blob, name: string): void {
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser reads it after the click has returned.
  setTimeout(() => {
    URL.revokeObjectURL(url)
  }, 10_000)
}

function close(inside: EventTarget | null): void {
  const menu = inside instanceof Element ? inside.closest('details') : null
  if (menu === null) return
  menu.open = false
  menu.querySelector('summary')?.focus()
}

function closeLeft({ currentTarget, relatedTarget }: FocusEvent): void {
  const isInside =
    relatedTarget instanceof Node && (currentTarget as Element).contains(relatedTarget)
  if (!isInside) (currentTarget as HTMLDetailsElement).open = false
}

function closeByEscape({ key, currentTarget }: KeyboardEvent): void {
  if (key === 'Escape') close(currentTarget)
}
