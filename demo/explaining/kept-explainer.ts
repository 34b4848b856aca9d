/** An explainer that is used again until another one is asked for. */
export class KeptExplainer<Explainer extends Disposable> {
  #key: readonly unknown[] = []
  #explainer: Explainer | undefined

  /** @param key the values that the explainer depends on, compared by identity */
  get(key: readonly unknown[], create: () => Explainer): Explainer {
    const isSame =
      key.length === this.#key.length && key.every((value, i) => value === this.#key[i])
    if (this.#explainer !== undefined && isSame) return this.#explainer
    const explainer = create()
    this.#explainer?.[Symbol.dispose]()
    this.#explainer = explainer
    this.#key = key
    return explainer
  }
}
