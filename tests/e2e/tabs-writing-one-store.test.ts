import type * as tfjs from '@tensorflow/tfjs'
import type {} from 'gradlens/global'
import type { BrowserContext, Page } from 'playwright'
import { expect, it } from 'vitest'
import { hostPages } from './hosted-pages.js'
import { waitUntilUnlocked } from './store-locks.js'

interface PageWindow {
  readonly tf: typeof tfjs
  readonly gradlens: Window['gradlens']
  done?: number[]
  resume?: () => void
}

const pages = {
  '/fit.html': `<!doctype html>
    <link rel="icon" href="data:," />
    <script src="/node_modules/@tensorflow/tfjs/dist/tf.min.js"></script>
    <script src="/dist/gradlens.global.js"></script>`,
}

const host = hostPages(pages)

async function open(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${host.url}/fit.html`)
  await page.waitForFunction(() => 'gradlens' in window)
  return page
}

/**
 * Fits 600 examples into the store of that name. `done` of the page's window has its progress. After more
 * than `holdAfter` examples, the fit waits until `resume` is called.
 */
const fit = (page: Page, name: string, holdAfter = Infinity): Promise<void> =>
  page.evaluate(
    async ([storeName, most]) => {
      const shared = window as unknown as PageWindow
      const { tf, gradlens } = shared
      await tf.setBackend('cpu')
      const numbers = (shape: number[], seed: number): tfjs.Tensor =>
        tf.randomUniform(shape, -1, 1, 'float32', seed)
      const weights = [numbers([6, 4], 1), numbers([4], 2)]
      const layer = tf.layers.dense({ units: 4, inputShape: [6], activation: 'softmax', weights })
      const model = tf.sequential({ layers: [layer] })
      const loss = 'sparseCategoricalCrossentropy'
      const done: number[] = []
      shared.done = done
      const resumed = new Promise<void>((resolve) => (shared.resume = resolve))
      const store = new gradlens.OpfsStore(storeName)
      const write = store.set.bind(store)
      store.set = async (key, bytes) => {
        if ((done.at(-1) ?? 0) > most) await resumed
        await write(key, bytes)
      }
      const explainer = new gradlens.GradientSimilarity(gradlens.tfjsPredictor(model), loss, {
        device: 'cpu',
        batchSize: 4,
        precomputeGrads: true,
        store,
        storeRowsPerChunk: 10,
      })
      const classes = Array.from({ length: 600 }, (_, i) => i % 4)
      await explainer.fit(numbers([600, 6], 3), classes, {
        onProgress: (progress) => done.push(progress.done),
      })
      explainer.dispose()
    },
    [name, holdAfter] as const,
  )

/** Waits until the fit of a page is paused. */
const waitUntilHeld = (page: Page, holdAfter: number): Promise<unknown> =>
  page.waitForFunction(
    (most) => ((window as unknown as PageWindow).done?.at(-1) ?? 0) > most,
    holdAfter,
  )

/** All bytes of the store, as text by path. */
const contentOf = (page: Page, name: string): Promise<Record<string, string>> =>
  page.evaluate(async (storeName) => {
    const content: Record<string, string> = {}
    const read = async (folder: FileSystemDirectoryHandle, path: string): Promise<void> => {
      for await (const [key, handle] of folder.entries()) {
        if (handle.kind === 'directory') {
          await read(handle, `${path}/${key}`)
        } else {
          const file = await handle.getFile()
          content[`${path}/${key}`] = [...new Uint8Array(await file.arrayBuffer())].join()
        }
      }
    }
    const root = await navigator.storage.getDirectory()
    await read(await root.getDirectoryHandle(storeName), '')
    return content
  }, name)

it('resumes the fit of a closed tab, with the bytes of an uninterrupted one', async () => {
  const context = await host.browser.newContext()
  const first = await open(context)
  const closed = fit(first, 'interrupted', 60).catch(() => 'closed')
  await waitUntilHeld(first, 60)
  await first.close()
  expect(await closed).toBe('closed')

  const second = await open(context)
  await waitUntilUnlocked(second)
  await fit(second, 'interrupted')
  const [done] = await second.evaluate(() => (window as unknown as PageWindow).done!)
  expect(done).toBeGreaterThanOrEqual(40)
  expect(done).toBeLessThan(600)
  const third = await open(context)
  await fit(third, 'undisturbed')
  expect(await contentOf(third, 'interrupted')).toEqual(await contentOf(third, 'undisturbed'))
  await context.close()
})

it('allows one of two tabs to write a store, refuses the other, and writes the bytes of a single tab', async () => {
  const context = await host.browser.newContext()
  const [first, second] = [await open(context), await open(context)]
  const written = fit(first, 'shared', 20)
  await waitUntilHeld(first, 20)
  const told = await fit(second, 'shared').catch(String)
  expect(told).toContain(
    "Gradients are being written to the store 'shared' by another tab or worker",
  )
  await first.evaluate(() => {
    ;(window as unknown as PageWindow).resume?.()
  })
  await written
  // TensorFlow.js numbers the layers of a page's second model on.
  const third = await open(context)
  await fit(third, 'alone')
  expect(await contentOf(third, 'shared')).toEqual(await contentOf(third, 'alone'))
  await context.close()
})
