import type { CompactBlock, CompactSegment } from '../block.js'
import { compactBlock } from '../compact-block.js'
import type { ProjectionSettings } from './projection-options.js'
import {
  type ParameterProjection,
  type ParameterShape,
  planProjection,
  type ProjectionPlan,
  type SegmentLayout,
} from './projection-plan.js'
import { prepareSegment, type Sides } from './project-segment.js'
import { type ProjectedSide, drawRandomMatrix } from './random-matrix.js'
import { openWorkspace, plainWorkspace, type Workspace } from './workspace.js'

/**
 * Two-sided random projection, G̃ = P_aᵀ G P_δ: where a gradient has factors, Σ_t (P_aᵀ a_t)(P_δᵀ δ_t)ᵀ without
 * materializing it. The entries are normal with variance 1/k, so that ⟨G̃, G̃'⟩ has the mean ⟨G, G'⟩ over all seeds. As in Choe et al.
 * (2024), "What is your data worth to GPT? LLM-scale data valuation with influence functions" (LoGra).
 */
export class Projection {
  #plan: ProjectionPlan | undefined
  #sides: ReadonlyMap<string, Sides> = new Map()
  readonly settings: ProjectionSettings
  readonly #parameters: readonly ParameterShape[]

  /** @param parameters the trainable parameters in the model's order; the first block decides how they share the numbers */
  constructor(settings: ProjectionSettings, parameters: readonly ParameterShape[]) {
    this.settings = settings
    this.#parameters = parameters
  }

  /** Creates a projection that repeats an existing plan. */
  static fromPlan(plan: ProjectionPlan): Projection {
    const projection = new Projection(plan, [])
    projection.#setPlan(plan)
    return projection
  }

  /** Undefined until a block has been projected. */
  get plan(): ProjectionPlan | undefined {
    return this.#plan
  }

  /**
   * Projects each example of a block, in the smaller of its exact layouts. Parameters outside the plan stay as they are.
   *
   * @param pause called regularly so that the page can respond; an exception ends the work
   */
  async project(block: CompactBlock, pause: () => Promise<void>): Promise<CompactBlock> {
    const { exampleCount, segments } = block
    const sidesOf = this.drawMatrices(segments)
    const projected: CompactSegment[] = []
    // Calls that run at the same time must not share memory.
    const workspace = await openWorkspace()
    let lastPause = performance.now()
    for (const segment of segments) {
      const sides = sidesOf.get(segment.parameter)
      if (sides === undefined) {
        projected.push(segment)
        continue
      }
      const { target, projectRow } = prepare(segment, sides, exampleCount, workspace)
      for (let row = 0; row < exampleCount; row++) {
        projectRow(row)
        if (performance.now() - lastPause < longestTaskMs) continue
        await pause()
        lastPause = performance.now()
      }
      projected.push(target)
    }
    return compactBlock({ exampleCount, segments: projected })
  }

  /** Returns the matrices by parameter; without a plan, the layouts of these gradients decide it. */
  drawMatrices(segments: readonly SegmentLayout[]): ReadonlyMap<string, Sides> {
    if (this.#plan === undefined) {
      this.#setPlan(planProjection(this.settings, segments, this.#parameters))
    }
    return this.#sides
  }

  #setPlan(plan: ProjectionPlan): void {
    this.#plan = plan
    this.#sides = new Map(
      plan.parameters.map((projection) => [projection.parameter, drawSides(projection, plan.seed)]),
    )
  }
}

/** Prepares a segment, in JavaScript's memory if that of WebAssembly is too small. */
function prepare(
  segment: CompactSegment,
  sides: Sides,
  exampleCount: number,
  workspace: Workspace,
): ReturnType<typeof prepareSegment> {
  try {
    return prepareSegment(segment, sides, exampleCount, workspace)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return prepareSegment(segment, sides, exampleCount, plainWorkspace)
  }
}

function drawSides(projection: ParameterProjection, seed: number): Sides {
  const { index, inputSize, outputSize, projectedInputSize, projectedOutputSize } = projection
  const matrix = (
    side: ProjectedSide,
    size: number,
    projectedSize: number,
  ): Float64Array | undefined =>
    projectedSize === size
      ? undefined
      : drawRandomMatrix(size, projectedSize, { seed, index, side })
  return {
    ...projection,
    input: matrix('input', inputSize, projectedInputSize),
    output: matrix('output', outputSize, projectedOutputSize),
  }
}

/** Projecting pauses after this time, so that the page can respond. */
const longestTaskMs = 12
