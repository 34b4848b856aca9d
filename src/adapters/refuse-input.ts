import { UnsupportedError } from '../errors.js'

/** Throws the error for an input that the output doesn't depend on by differentiable steps. */
export function refuseInput(name: string): never {
  throw new UnsupportedError(
    name,
    `input '${name}': the output does not depend on it by differentiable steps (an integer look-up such as an ` +
      'embedding, an arg-max or a comparison is in between), so it has no gradient. Attribute to a layer after ' +
      `it, such as the embedding, with { layer }; or pass it by name, forwardKwargs: { ${name}: … }, and attribute to ` +
      'the other inputs.',
  )
}
