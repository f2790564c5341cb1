/**
 * Runs sources without a build. Packages are resolved by their condition `@wa-gate/source`, which names `src/index.ts`
 * instead of the build.
 */

/** From this version on Node strips types without a flag. */
const FIRST_NODE_THAT_STRIPS_TYPES = [22, 18];

const CONDITION = '--conditions=@wa-gate/source';
/** Lets the standby resolve a package from the file that imports it. */
const RESOLVE_FROM_PARENT = '--experimental-import-meta-resolve';

/**
 * The flags of node for running sources.
 * @param {string} [version] of node, as in `process.versions.node`
 * @returns {string[]}
 */
export function sourceFlags(version = process.versions.node) {
  const loader = stripsTypes(version) ? [] : ['--import', 'tsx'];
  return [CONDITION, RESOLVE_FROM_PARENT, ...loader];
}

/** @param {string} version */
function stripsTypes(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = FIRST_NODE_THAT_STRIPS_TYPES;
  // Node 23 strips types from 23.6 on, but it is not maintained any more.
  return major >= 24 || (major === oldestMajor && minor >= oldestMinor);
}
