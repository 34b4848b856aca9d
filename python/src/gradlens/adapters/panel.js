// The Panel component: shows model.frame, and sets model.selected.
function defineElements(code) {
  if (globalThis.gradlensElements !== undefined) return
  const script = document.createElement('script')
  script.textContent = code
  document.head.append(script)
}

export function render({ model }) {
  defineElements(model.elements)
  const parent = document.createElement('div')
  const decode = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  const view = globalThis.gradlensElements.mountExplanation(
    parent,
    decode(model.frame),
    model.options,
    (selected) => {
      model.selected = selected
    },
  )
  model.on('frame', () => {
    view.update(decode(model.frame), model.options)
  })
  return parent
}
