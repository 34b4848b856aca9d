// The number of each layout of a segment. No entry point.

const denseKind = 0u;
const factoredKind = 1u;
const lookupKind = 2u;
