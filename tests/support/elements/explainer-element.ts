import type { ExplainEvents, GlExplainer, GlProgress } from 'gradlens/elements'
import { textsOf, within } from './mounted.js'

const names = ['start', 'progress', 'done', 'cancel', 'error'] as const

/** The explain events of the element, in their order. */
export function recordEvents(element: GlExplainer): string[] {
  const events: string[] = []
  for (const name of names) {
    element.addEventListener(`gl-explain-${name}`, ({ detail }) => {
      const { part, ...rest } = detail as ExplainEvents['gl-explain-progress']
      events.push(
        name === 'progress'
          ? `${part} ${rest.phase} ${rest.done}/${rest.total}`
          : `${part} ${name}`,
      )
    })
  }
  return events
}

/** Waits until pending promises have continued and the element is rendered. */
export async function settle(element: GlExplainer): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve))
  await element.updateComplete
  for (const each of within(
    element,
    'gl-probabilities, gl-attribution-image, gl-attribution-series, gl-similar-examples, gl-progress',
  )) {
    await (each as unknown as GlExplainer).updateComplete
  }
}

/** The first element with this tag inside the explainer. */
export const findChild = <
  Tag extends
    'gl-probabilities' | 'gl-attribution-image' | 'gl-attribution-series' | 'gl-similar-examples',
>(
  element: Element,
  tag: Tag,
): HTMLElementTagNameMap[Tag] => within<HTMLElementTagNameMap[Tag]>(element, tag)[0]!

/** The parts' progress elements, in their order on the page. */
export const findProgress = (element: Element): GlProgress[] =>
  within<GlProgress>(element, 'gl-progress')

export const readMessages = (element: Element): string[] =>
  findProgress(element).flatMap((each) => textsOf(each, '[role="status"]'))

export const findButtons = (element: Element): HTMLElement[] =>
  findProgress(element).flatMap((each) => within(each, 'button'))
