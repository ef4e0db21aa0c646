/**
 * Another run may take a turn over when its owner has not moved it on for this long. It outlasts every step of the
 * flow, and the longest wait between two tries of one (64 s).
 */
export const TURN_LEASE = "120 seconds";
