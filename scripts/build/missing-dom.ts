/** Replaces the parts of the DOM that Lit needs when it is imported on a server. */
export const { customElements } = globalThis
export const HTMLElement = Object
