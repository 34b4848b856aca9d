import 'gradlens/elements/define'
import { expect, it, onTestFinished } from 'vitest'
import { checkDownloads, describeDownload } from '../../../src/elements/base/downloads.js'

/** The window of a frame with this sandbox; null: not sandboxed. */
function openFrame(sandbox: string | null, parent: Document = document): Window {
  const frame = parent.createElement('iframe')
  if (sandbox !== null) frame.setAttribute('sandbox', sandbox)
  parent.body.append(frame)
  onTestFinished(() => {
    frame.remove()
  })
  return frame.contentWindow!
}

it.each([
  [null, 'allowed'],
  ['allow-scripts allow-same-origin allow-downloads', 'allowed'],
  ['allow-scripts allow-same-origin', 'blocked'],
  ['allow-scripts allow-same-origin ALLOW-DOWNLOADS', 'allowed'],
  ['allow-same-origin allow-downloads-without-user-activation', 'blocked'],
] as const)('in a frame with sandbox %j, downloads are %s', (sandbox, permission) => {
  expect(checkDownloads(openFrame(sandbox))).toBe(permission)
})

it('also checks the frames around a frame', () => {
  const outer = openFrame('allow-same-origin')
  expect(checkDownloads(openFrame(null, outer.document))).toBe('blocked')
})

it("reports 'unknown' for frames whose parents it can't access", () => {
  const view = { parent: {}, frameElement: null } as unknown as Window
  expect(checkDownloads(view)).toBe('unknown')
})

it('explains a blocked download, and how to allow it', () => {
  expect(describeDownload('allowed')).toBe('')
  for (const permission of ['blocked', 'unknown'] as const) {
    expect(describeDownload(permission)).toMatch(
      /in a frame that blocks downloads\. Add allow-downloads/,
    )
  }
})
