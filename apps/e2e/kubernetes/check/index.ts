import type { KubernetesObject } from '../objects.ts';
import { checkEnvironment } from './environment.ts';
import type { Facts } from './facts.ts';
import { checkNames } from './names.ts';
import { checkNumbers } from './numbers.ts';
import { checkPodSecurity } from './pod-security.ts';
import { checkProbes } from './probes.ts';
import type { Problem } from './problem.ts';
import { checkReferences } from './references.ts';
import { checkSelectors } from './selectors.ts';

export { type Facts, readFacts } from './facts.ts';
export type { Problem } from './problem.ts';

/**
 * What schemas do not see: names, selectors, references, ports, bounds, probes, variables and rights, among the objects
 * and against the code. Nothing: all of it fits.
 */
export function checkManifests(objects: readonly KubernetesObject[], facts: Facts): Problem[] {
  const names = checkNames(objects);
  // Without a name an object can be neither referred to nor reported.
  const named = objects.filter(({ metadata }) => typeof metadata?.name === 'string');
  return [
    ...names,
    ...checkSelectors(named),
    ...checkReferences(named, facts),
    ...checkNumbers(named),
    ...checkPodSecurity(named),
    ...checkProbes(named, facts),
    ...checkEnvironment(named, facts),
  ];
}
