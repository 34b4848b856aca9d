import { explainFailedImport } from '../failed-import.js'
import { toBase64 } from './base64.js'

/**
 * The content security policy of a report: its own scripts and style, and no requests.
 *
 * @param codeHash of the code that computes in a live report: it may also run in a worker, and use
 *   WebAssembly
 */
export async function formatPolicy(
  scripts: readonly string[],
  style: string,
  codeHash?: string,
): Promise<string> {
  const { sha256 } = await import('@noble/hashes/sha2.js').catch(explainFailedImport)
  const hash = (text: string): string =>
    `'sha256-${toBase64(sha256(new TextEncoder().encode(text)))}'`
  const isLive = codeHash !== undefined
  const scriptSources = [
    ...scripts.map(hash),
    ...(isLive ? [`'${codeHash}'`, "'wasm-unsafe-eval'"] : []),
  ]
  return [
    "default-src 'none'",
    `script-src ${scriptSources.join(' ')}`,
    ...(isLive ? ['worker-src blob:'] : []),
    `style-src ${hash(style)}`,
    'img-src data: blob:',
    "require-trusted-types-for 'script'",
    `trusted-types lit-html${isLive ? ' gradlens default' : ''}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}
