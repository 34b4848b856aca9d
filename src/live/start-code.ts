import { connectExplainers, type RemoteExplainers } from '../worker/connect.js'
import type { LiveFiles } from './live-files.js'
import type { TrustedScripts } from './trusted-scripts.js'

/** The explainers of a model, and whether they share the page's thread. */
export interface StartedCode {
  readonly explainers: RemoteExplainers
  readonly isOnPage: boolean
}

/**
 * Runs the code that computes: in a worker, or on the page's thread where workers are refused.
 *
 * @throws Error if the page refuses both, or the model can't be loaded
 */
export async function startCode(
  code: string,
  files: LiveFiles,
  scripts: TrustedScripts,
): Promise<StartedCode> {
  const worker = await startWorker(code, scripts).catch(() => null)
  const port = worker ?? exposeOnPage(code, files, scripts)
  worker?.postMessage(files)
  const explainers = connectExplainers(port)
  try {
    await explainers.ready
  } catch (error) {
    explainers.dispose()
    throw error
  }
  return { explainers, isOnPage: worker === null }
}

/** @throws Error where workers are refused */
function startWorker(code: string, scripts: TrustedScripts): Promise<Worker> {
  const address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))
  return new Promise<Worker>((resolve, reject) => {
    const worker = new Worker(scripts.createScriptURL(address))
    worker.addEventListener('message', () => {
      resolve(worker)
    })
    worker.addEventListener('error', (event) => {
      event.preventDefault()
      reject(new Error('The worker did not start.'))
    })
  }).finally(() => {
    URL.revokeObjectURL(address)
  })
}

/** @throws Error where the page refuses the code */
function exposeOnPage(code: string, files: LiveFiles, scripts: TrustedScripts): MessagePort {
  const script = document.createElement('script')
  script.text = scripts.createScript(code)
  document.head.append(script)
  script.remove()
  if (globalThis.gradlensLiveCode === undefined) {
    throw new Error("the page's content security policy allows neither workers nor this script.")
  }
  const { port1, port2 } = new MessageChannel()
  port1.start()
  globalThis.gradlensLiveCode.expose(port1, files)
  return port2
}
