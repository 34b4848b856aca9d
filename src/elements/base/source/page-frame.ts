/** The type of a script element that has a frame in base64. */
const frameType = 'application/x-gradlens-frame'

/** The bytes of the frame in an element's script, or null if it has none. */
export function readPageFrame(element: Element): Uint8Array<ArrayBuffer> | null {
  const script = element.querySelector(`:scope > script[type="${frameType}"]`)
  const text = script?.textContent.trim() ?? ''
  return text === '' ? null : Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
