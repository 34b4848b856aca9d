import { decompress } from './decompress.js'
import { liveType } from './live-files.js'
import { openLivePart } from './open-live-part.js'
import { showExplainer } from './show-explainer.js'
import { startCode } from './start-code.js'
import { openTrustedScripts } from './trusted-scripts.js'

/** The code that computes and its module, both compressed, in base64. The build sets it. */
declare const LIVE_CODE: { readonly code: string; readonly wasm: string }

const { code, wasm } = LIVE_CODE

/** Replaces what a live part shows by an explainer, once its model runs. */
async function run(script: HTMLScriptElement): Promise<void> {
  const section = script.parentElement!
  const note = section.querySelector<HTMLElement>(':scope > p')!
  note.textContent = 'Starting the model…'
  try {
    const scripts = openTrustedScripts()
    const part = openLivePart(new Uint8Array(await decompress(script.text)))
    const { explainers, isOnPage } = await startCode(
      new TextDecoder().decode(await decompress(code)),
      { ...part.files, wasm: await decompress(wasm) },
      scripts,
    )
    showExplainer(section, part, explainers)
    note.textContent = isOnPage
      ? "This page may not start workers, so the model runs on the page's own thread. The page can be slow while it computes."
      : ''
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    note.textContent = `The model does not run here: ${reason}`
  }
}

for (const script of document.querySelectorAll<HTMLScriptElement>(`script[type="${liveType}"]`)) {
  void run(script)
}
