// TensorBoard's tab: a menu of runs and tags, a slider over the steps, and the explanation.
const address = (path) => new URL(path, import.meta.url)

export async function render() {
  document.body.replaceChildren(createStyle())
  const [list, picture] = [document.createElement('select'), document.createElement('main')]
  const [slider, step] = [document.createElement('input'), document.createElement('output')]
  list.setAttribute('aria-label', 'Run and tag')
  slider.type = 'range'
  slider.min = '0'
  slider.setAttribute('aria-label', 'Step')
  const bar = document.createElement('header')
  bar.append(list, slider, step)
  document.body.append(bar, picture)

  const runs = await (await fetch(address('frames'))).json()
  const series = Object.entries(runs).flatMap(([run, tags]) =>
    Object.entries(tags).map(([tag, frames]) => ({ name: `${run} / ${tag}`, frames })),
  )
  if (series.length === 0) {
    picture.textContent =
      'No explanations were logged. Write them with gradlens.log(explanation, name, to=writer).'
    return
  }
  for (const { name } of series) list.append(new Option(name))

  let view = null
  let latest = 0
  const show = async () => {
    const turn = ++latest
    const { frames } = series[list.selectedIndex]
    slider.max = String(frames.length - 1)
    const shown = frames[Math.min(slider.valueAsNumber, frames.length - 1)]
    step.textContent = `step ${shown.step}`
    const found = address('frame')
    found.searchParams.set('key', shown.key)
    const frame = new Uint8Array(await (await fetch(found)).arrayBuffer())
    if (turn !== latest) return
    if (view === null) view = globalThis.gradlensElements.mountExplanation(picture, frame)
    else view.update(frame)
  }
  list.addEventListener('change', () => {
    slider.value = String(series[list.selectedIndex].frames.length - 1)
    void show()
  })
  slider.addEventListener('input', () => void show())
  slider.max = String(series[0].frames.length - 1)
  slider.value = slider.max
  await show()
}

function createStyle() {
  const style = document.createElement('style')
  style.textContent = `
    body { margin: 0; font: 15px/1.4 system-ui, sans-serif; color-scheme: light dark }
    header { display: flex; flex-wrap: wrap; gap: 12px; align-items: center; padding: 12px 16px }
    main { padding: 0 16px 16px }`
  return style
}
