// The Panel component: shows model.frame, and sets model.selected.
export function render({ model }) {
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
