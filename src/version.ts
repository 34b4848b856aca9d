/** The package's version, as explanations carry it. */
export const version = '0.1.0'
