import { containersOf, isWorkload, type KubernetesObject, nameOf } from '../objects.ts';
import { about, type Problem } from './problem.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const MAX_NAME = 253;
const MAX_LABEL = 63;
const MAX_PORT_NAME = 15;
const CLUSTER_SCOPED = new Set(['Namespace']);

const isLabel = (name: string): boolean => name.length <= MAX_LABEL && LABEL.test(name);

/** Names that an API server would refuse, that occur twice, or that are in no namespace. */
export function checkNames(objects: readonly KubernetesObject[]): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata?.name);
  for (const object of objects) {
    const say = about(object, problems);
    const { name, namespace } = object.metadata ?? {};
    if (typeof name !== 'string' || name === '') {
      problems.push(`a ${object.kind} has no metadata.name`);
      continue;
    }
    if (name.length > MAX_NAME || !SUBDOMAIN.test(name)) say(`"${name}" is no name: lower-case letters, digits and -`);
    if (object.kind === 'Service' && !isLabel(name))
      say(`a Service needs a name of at most ${MAX_LABEL} characters without dots`);
    const key = `${object.apiVersion} ${nameOf(object)} ${namespace}`;
    if (seen.has(key)) say('is there twice');
    seen.add(key);
    if (CLUSTER_SCOPED.has(object.kind)) continue;
    if (namespace === undefined) say('has no namespace, so it would go to whichever is current');
    else if (namespaces.length > 0 && !namespaces.includes(namespace))
      say(`its namespace ${namespace} is not the rendered one`);
  }
  for (const workload of objects.filter(isWorkload)) {
    const say = about(workload, problems);
    const containers = containersOf(workload.spec.template);
    if (workload.spec.template.spec.containers.length === 0) say('has no container');
    const names = containers.map(({ name }) => name);
    for (const name of names.filter((one, index) => names.indexOf(one) !== index))
      say(`two containers are called ${name}`);
    for (const { name, ports = [] } of containers) {
      if (!isLabel(name ?? '')) say(`"${name}" is no name of a container`);
      for (const port of ports) {
        if (port.name !== undefined && (port.name.length > MAX_PORT_NAME || !isLabel(port.name)))
          say(`the port name ${port.name} is longer than ${MAX_PORT_NAME} characters, or no name`);
      }
    }
  }
  return problems;
}
