// Loads the elements from the kit widget, which a notebook has once, however many explanations it shows.
const kits = (globalThis.gradlensKits ??= {})

async function load(model) {
  const address = model.get('kit')
  kits[address] ??= model.widget_manager
    .get_model(address.slice('IPY_MODEL_'.length))
    .then((kit) => {
      const code = new Blob([kit.get('code')], { type: 'text/javascript' })
      return import(URL.createObjectURL(code))
    })
  return kits[address]
}

export default {
  async render(context) {
    const { default: widget } = await load(context.model)
    return widget.render(context)
  },
}
