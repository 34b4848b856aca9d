import './global.js'
import { renderWidget } from './embed/render-widget.js'

/** The front end of an anywidget: `{ render }`. */
const widget: { readonly render: typeof renderWidget } = { render: renderWidget }

export default widget
