// The Streamlit component: shows data.frame, and sets the state `selected`.
const mounted = new WeakMap()

function decode(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

export default function ({ data, parentElement, setStateValue }) {
  const known = mounted.get(parentElement)
  if (known === undefined) {
    const view = globalThis.gradlensElements.mountExplanation(
      parentElement,
      decode(data.frame),
      data.options,
      (selected) => setStateValue('selected', selected),
    )
    mounted.set(parentElement, { view, frame: data.frame })
  } else {
    if (known.frame !== data.frame) known.view.update(decode(data.frame), data.options)
    known.frame = data.frame
  }
  return () => {
    mounted.get(parentElement)?.view.dispose()
    mounted.delete(parentElement)
  }
}
