/**
 * 'unknown': the frames around the window are not accessible, so their sandbox flags are not known.
 */
export type DownloadPermission = 'allowed' | 'blocked' | 'unknown'

/**
 * Whether a window may download files. Browsers ignore downloads from a sandboxed frame without
 * `allow-downloads`, and report nothing to the page.
 */
export function checkDownloads(view: Window): DownloadPermission {
  let current = view
  while (current !== current.parent) {
    // Null for a frame of another origin, and for a sandboxed frame without `allow-same-origin`.
    const frame = current.frameElement
    if (frame === null) return 'unknown'
    if (frame.hasAttribute('sandbox') && !/\ballow-downloads(?!-)/.test(readSandbox(frame))) {
      return 'blocked'
    }
    current = current.parent
  }
  return 'allowed'
}

function readSandbox(frame: Element): string {
  return (frame.getAttribute('sandbox') ?? '').toLowerCase()
}

/** What the user must know after a click on Save, or '' if the download works. */
export function describeDownload(permission: DownloadPermission): string {
  if (permission === 'allowed') return ''
  const remedy = "Add allow-downloads to the frame's sandbox attribute."
  return permission === 'blocked'
    ? `The file was not saved: this page is in a frame that blocks downloads. ${remedy}`
    : `If no file was saved, this page is in a frame that blocks downloads. ${remedy}`
}

/** Starts the download of a file. */
export function download(file: Blob, name: string): void {
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser reads the file after the click has returned.
  setTimeout(() => {
    URL.revokeObjectURL(url)
  }, 10_000)
}
