/** Seconds of the manifests as milliseconds. */
export const ms = (seconds: number): number => seconds * 1_000;

/** How often controllers look. Real ones are told of changes. */
export const TICK_MS = 50;
