/** The elements in React 19. It is compiled, never run. */
import type { ReactElement } from 'react'
import type { ClassProbability, GlProbabilities } from 'gradlens/elements'
import type {} from 'gradlens/elements/react'
import { expectTypeOf } from 'vitest'

export function answers(choose: (index: number) => void): ReactElement {
  return (
    <section>
      <gl-probabilities
        className="answers"
        predictions={[[0.9, 0.1]]}
        labels={['cat', 'dog']}
        selectable
        ref={(element: GlProbabilities | null) => {
          element?.toCSV()
        }}
        ongl-class-select={(event) => {
          expectTypeOf(event.detail).toEqualTypeOf<ClassProbability>()
          choose(event.detail.index)
        }}
      />
      <gl-attribution-image layout="overlay" explanation={null} />
      <gl-explainer predict={null} />
      {/* @ts-expect-error -- there is no such layout */}
      <gl-attribution-image layout="above" />
      {/* @ts-expect-error -- labels are names, not one text */}
      <gl-probabilities labels="cat, dog" />
      {/* @ts-expect-error -- the state is read-only */}
      <gl-probabilities state="ready" />
      {/* @ts-expect-error -- a method cannot be set */}
      <gl-probabilities toCSV={() => ''} />
      {/* @ts-expect-error -- there is no such element */}
      <gl-picture />
    </section>
  )
}
