// The Dash component: shows the property `frame`, and sets the property `selected`.
globalThis.gradlens = globalThis.gradlens ?? {}

globalThis.gradlens.Explanation = function Explanation({ id, frame, options, setProps }) {
  const { useEffect, useRef, createElement } = globalThis.React
  const parent = useRef(null)
  const view = useRef(null)
  useEffect(() => {
    const decoded = Uint8Array.from(atob(frame), (character) => character.charCodeAt(0))
    if (view.current === null) {
      view.current = globalThis.gradlensElements.mountExplanation(
        parent.current,
        decoded,
        options,
        (selected) => setProps({ selected }),
      )
    } else view.current.update(decoded, options)
  }, [frame, options])
  useEffect(
    () => () => {
      view.current?.dispose()
      view.current = null
    },
    [],
  )
  return createElement('div', { id, ref: parent })
}
