import { listDroppedFiles, listInputFiles } from '../files/dropped-files.js'
import type { NamedFile } from '../files/named-file.js'

/** Gives the files that are dropped on an element, or chosen with the inputs in it. */
export function createDropZone(
  zone: HTMLElement,
  take: (files: readonly NamedFile[]) => void,
  fail: (error: unknown) => void,
): void {
  for (const input of zone.querySelectorAll('input')) {
    input.addEventListener('change', () => {
      const files = listInputFiles(input)
      // The same files can be chosen again after they have changed.
      input.value = ''
      if (files.length > 0) take(files)
    })
  }
  zone.addEventListener('dragover', (event) => {
    event.preventDefault()
    zone.toggleAttribute('data-over', true)
  })
  zone.addEventListener('dragleave', () => {
    zone.removeAttribute('data-over')
  })
  zone.addEventListener('drop', (event) => {
    event.preventDefault()
    zone.removeAttribute('data-over')
    if (event.dataTransfer === null) return
    listDroppedFiles(event.dataTransfer).then(take, fail)
  })
}

/** Files that miss a zone must not replace the page. */
export function ignoreOtherDrops(): void {
  for (const name of ['dragover', 'drop'] as const) {
    document.addEventListener(name, (event) => {
      event.preventDefault()
    })
  }
}
