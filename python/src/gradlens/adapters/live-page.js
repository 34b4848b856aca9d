// The notebook widget of a page with a model: a frame that can run scripts, and reach nothing else.
export default {
  render({ model, el }) {
    const view = document.createElement('div')
    const frame = document.createElement('iframe')
    frame.setAttribute('sandbox', 'allow-scripts allow-downloads')
    frame.title = 'Explanation'
    frame.srcdoc = model.get('page')
    Object.assign(frame.style, { width: '100%', height: '720px', border: '0', resize: 'vertical' })
    view.append(frame)
    el.append(view)
    // The frame inherits the view's color scheme, which is the preferred one of the page in it.
    const stop = globalThis.gradlensElements.followHost(view)
    return () => {
      stop()
      view.remove()
    }
  },
}
