/**
 * Workers that an administrator has removed. The others are started without them, and a sentence says how to add them
 * again.
 */

/**
 * @param {import('./services.mjs').ServiceDefinition[]} removed
 * @param {import('./services.mjs').ServiceDefinition[]} started
 * @param {import('./services.mjs').Installation} installation
 * @returns {string | undefined}
 */
export function describeRemovedWorkers(removed, started, installation) {
  const [first] = removed;
  if (!first) return undefined;
  const names = removed.map(({ name }) => name).join(', ');
  const it = removed.length === 1 ? 'it' : 'them';
  const isLast = !started.some(({ network }) => network !== undefined);
  return [
    `${names} ${removed.length === 1 ? 'is' : 'are'} not started: an administrator has removed ${it}.`,
    ...(isLast ? ['  No worker is left: no session runs.'] : []),
    `  To have ${it} back, add ${it} as an administrator, and start again:`,
    ...removed.map((definition) => `  ${addAgain(definition, installation)}`),
  ].join('\n');
}

/**
 * @param {import('./services.mjs').ServiceDefinition} definition
 * @param {import('./services.mjs').Installation} installation
 */
function addAgain({ name, network, url }, installation) {
  const body = JSON.stringify({ workerId: name, endpoint: url(installation), network });
  return `curl -X POST ${installation.gateway.url}/api/admin/workers -H 'Authorization: Bearer <access token>' -H 'Content-Type: application/json' -d '${body}'`;
}
