// The Gradio component: shows props.value.frame, and triggers `select` with the selected example.
let view
function decode(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
function show() {
  const value = props.value
  if (!value || !value.frame) return
  const frame = decode(value.frame)
  if (view) view.update(frame, value.options)
  else
    view = globalThis.gradlensElements.mountExplanation(
      element.querySelector('.gradlens'),
      frame,
      value.options,
      (selected) => trigger('select', selected ?? {}),
    )
}
watch('value', show)
show()
