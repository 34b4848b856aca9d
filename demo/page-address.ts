import { formatCount } from 'gradlens/elements'
import { find, setText } from './dom.js'
import { readAddress, writeAddress, type AddressForm, type Settings } from './settings.js'

/** The settings and the example in the address of the page, which leads back to what is shown. */
export class PageAddress {
  readonly #form: AddressForm
  readonly #notice = find('#address-notice', HTMLElement)
  readonly #problems: string[]
  #settings: Settings
  #picked: number | undefined

  constructor(form: AddressForm) {
    const { settings, picked, problems } = readAddress(new URLSearchParams(location.search), form)
    this.#form = form
    this.#settings = settings
    this.#picked = picked
    this.#problems = [...problems]
    this.#showProblems()
  }

  get settings(): Settings {
    return this.#settings
  }

  change(change: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...change }
    this.#write()
  }

  /** @param index the held-out example that is shown; undefined: another one */
  pick(index: number | undefined): void {
    this.#picked = index
    this.#write()
  }

  /** The example in the address, if it is one of `count`; says so on the page if it isn't. */
  readPicked(count: number): number | undefined {
    const picked = this.#picked
    if (picked === undefined || picked < count) return picked
    this.#problems.push(
      `${this.#form.example}=${picked} in the address is out of range: use 0 to ${formatCount(count - 1)}.`,
    )
    this.#showProblems()
    return undefined
  }

  #write(): void {
    const query = writeAddress(this.#settings, this.#picked, this.#form)
    history.replaceState(null, '', location.pathname + query)
  }

  #showProblems(): void {
    this.#notice.hidden = this.#problems.length === 0
    setText(this.#notice, this.#problems.join(' '))
  }
}
