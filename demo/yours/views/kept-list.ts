import { create } from '../../dom.js'
import type { KeptSession } from '../keep/kept-sessions.js'

export interface KeptListOptions {
  readonly open: (session: KeptSession) => void
  readonly remove: (session: KeptSession) => void
}

/** Lists the sessions that are kept in this browser, with a button to open and one to delete each. */
export function showKept(
  root: HTMLElement,
  sessions: readonly KeptSession[],
  { open, remove }: KeptListOptions,
): void {
  root.hidden = sessions.length === 0
  const items = sessions.map((session) => {
    const keptOn = new Date(session.keptAt).toLocaleDateString('en', { dateStyle: 'medium' })
    const button = (text: string, act: (session: KeptSession) => void): HTMLElement => {
      const own = create('button', '', text)
      own.type = 'button'
      own.setAttribute('aria-label', `${text} ${session.title}`)
      own.addEventListener('click', () => {
        act(session)
      })
      return own
    }
    return create(
      'li',
      '',
      create('span', '', `${session.title}, kept on ${keptOn}`),
      button('Open', open),
      button('Delete', remove),
    )
  })
  root.querySelector('ul')?.replaceChildren(...items)
}
