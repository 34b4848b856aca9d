import { chromium, type Browser } from 'playwright'
import { findBrowser } from '../../scripts/checks/browser.mjs'
import { browserArguments } from '../support/browser-arguments.js'

/** Chromium cannot sandbox itself for root, which is what containers run as. */
const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []

/** A browser with a GPU in software. */
export function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  return launch([...browserArguments, ...asRoot, ...more])
}

/** A browser as most machines without a GPU have it. */
export function chromiumWithoutWebGpu(): Promise<Browser> {
  return launch(asRoot)
}

function launch(args: string[]): Promise<Browser> {
  const executablePath = findBrowser().path
  return chromium.launch({ args, ...(executablePath === undefined ? {} : { executablePath }) })
}
