// The layouts of a segment, by number; no entry point.

const denseKind = 0u;
const factoredKind = 1u;
const lookupKind = 2u;
