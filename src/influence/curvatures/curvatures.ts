/** Loaded when a curvature is first estimated, or read from a store. */
export { curvatureKey } from '../../store/zarr/curvature/curvature-header.js'
export { writeCurvature } from '../../store/zarr/curvature/write-curvature.js'
export { estimateCurvature } from './estimate-influence.js'
export { estimateFitted } from './estimate-fitted.js'
export { openStored, readGiven } from './stored-curvatures.js'
