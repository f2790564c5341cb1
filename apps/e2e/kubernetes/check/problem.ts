import { type KubernetesObject, nameOf } from '../objects.ts';

/** What is wrong with a set of manifests, in one sentence that names the object. */
export type Problem = string;

/** Collects sentences about one object. */
export function about(object: KubernetesObject, problems: Problem[]): (sentence: string) => void {
  return (sentence) => problems.push(`${nameOf(object)}: ${sentence}`);
}
