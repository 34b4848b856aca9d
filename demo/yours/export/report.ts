import type { ReportPart } from 'gradlens/report'
import type { GlExplainer } from 'gradlens/elements'

/** The explanations that are shown, by the part of the page. */
export type Shown = Partial<Record<'attribution' | 'similarity', ReportPart['explanation']>>

/** The explanations as a page in one file, with what the elements show in addition. */
export async function createReport(
  title: string,
  shown: Shown,
  explainer: GlExplainer,
): Promise<Blob> {
  const [{ reportHtml }, elements] = await Promise.all([import('gradlens/report'), fetchElements()])
  const { labels, features, values, tokens, image, channels, trainLabels, truth } = explainer
  const parts: ReportPart[] = []
  if (shown.attribution !== undefined) {
    const side = { labels, features, values, tokens, image, channels, truth }
    parts.push({
      explanation: shown.attribution,
      title: 'Which parts it looked at',
      side: given(side),
    })
  }
  if (shown.similarity !== undefined) {
    const side = { labels, features, trainLabels, channels, kind: explainer.kind }
    parts.push({
      explanation: shown.similarity,
      title: 'Which training examples led to it',
      side: given(side),
    })
  }
  const html = await reportHtml(parts, { title, elements })
  return new Blob([html], { type: 'text/html' })
}

async function fetchElements(): Promise<string> {
  const response = await fetch(new URL('elements.global.js', document.baseURI))
  if (!response.ok) throw new Error('elements.global.js could not be loaded. Check the connection.')
  return response.text()
}

const given = (side: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(side).filter(([, value]) => value !== null && value !== undefined),
  )
