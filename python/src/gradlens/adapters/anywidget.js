// The notebook widget, together with the elements.
export default { render: globalThis.gradlensElements.renderWidget }
