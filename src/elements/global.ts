import './define.js'
import { version } from '../version.js'
import { mountExplanation } from './embed/mount-explanation.js'
import { renderWidget } from './embed/render-widget.js'
import { followHost } from './host/follow-host.js'

/** What hosts of pages call: notebooks, dashboards, reports. */
interface ElementsKit {
  readonly followHost: typeof followHost
  readonly mountExplanation: typeof mountExplanation
  readonly renderWidget: typeof renderWidget
  readonly version: string
}

declare global {
  /** The functions of the elements for hosts. Undefined until elements.global.js has run. */
  var gradlensElements: ElementsKit | undefined
}

const other = globalThis.gradlensElements
if (other === undefined) {
  globalThis.gradlensElements = { followHost, mountExplanation, renderWidget, version }
} else if (other.version !== version) {
  // Elements can't be registered twice.
  console.warn(
    `This page has the elements of gradlens ${other.version}. The script of version ${version} is ignored; remove one of them.`,
  )
}
