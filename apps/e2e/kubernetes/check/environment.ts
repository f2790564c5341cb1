import {
  type Container,
  containersOf,
  environmentOf,
  isWorkload,
  type KubernetesObject,
  programOfImage,
  splitImage,
} from '../objects.ts';
import type { Facts, ProgramFacts } from './facts.ts';
import { about, type Problem } from './problem.ts';

/** Variables of node itself. */
const OF_NODE = new Set(['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'TZ']);
const SECRET_NAME = /^(DATABASE_URL|DATABASE_DIRECT_URL|REDIS_URL)$|_(KEY|TOKEN|SECRET|PASS|PASSWORD)$/;
const ANY_ADDRESS = ['0.0.0.0', '::'];

/** Variables that a process does not know, needs or must not get like this, and images of different versions. */
export function checkEnvironment(objects: readonly KubernetesObject[], facts: Facts): Problem[] {
  const problems: Problem[] = [];
  const tags = new Map<string, string>();
  for (const workload of objects.filter(isWorkload)) {
    const say = about(workload, problems);
    for (const container of containersOf(workload.spec.template)) {
      const program = programOfImage(container.image);
      if (!program.startsWith('wa-gate/')) continue;
      const known = facts.programs[program];
      if (known) checkContainer(container, known, say);
      else say(`${container.name} runs ${program}, which is no image of ours`);
      tags.set(splitImage(container.image).tag, `${workload.metadata.name}/${container.name}`);
    }
  }
  if (tags.size > 1)
    problems.push(
      `images of different versions: ${[...tags].map(([tag, where]) => `${tag || 'no tag'} (${where})`).join(', ')}`,
    );
  return problems;

  function checkContainer(container: Container, known: ProgramFacts, say: (sentence: string) => void): void {
    const { values, secrets, fields } = environmentOf(container, objects);
    const all = [...values.keys(), ...secrets.keys(), ...fields.keys()];
    const texts = [...values.values(), ...(container.args ?? []), ...(container.command ?? [])];
    const used = new Set(texts.flatMap((text) => [...text.matchAll(/\$\((\w+)\)/g)].map(([, name = '']) => name)));
    for (const name of all) {
      if (!known.variables.has(name) && !OF_NODE.has(name) && !used.has(name))
        say(`${container.name} sets ${name}, which its program does not know`);
    }
    for (const name of used) if (!all.includes(name)) say(`${container.name} uses $(${name}), which is not set`);
    for (const name of known.needed) if (!all.includes(name)) say(`${container.name} lacks ${name}`);
    for (const [name, value] of values) {
      if (SECRET_NAME.test(name) && value !== '')
        say(`${container.name} has ${name} in the clear: refer to the Secret`);
    }
    for (const name of known.hosts) {
      const host = values.get(name) ?? known.variables.get(name)?.fallback ?? '';
      if (!ANY_ADDRESS.includes(host)) say(`${container.name} listens on ${host} (${name}), where nobody reaches it`);
    }
    const open = (container.ports ?? []).map(({ containerPort }) => String(containerPort));
    for (const name of known.ports) {
      const port = values.get(name) ?? known.variables.get(name)?.fallback ?? '';
      if (!open.includes(port))
        say(`${container.name} listens on ${port} (${name}), which is none of its ports: ${open.join(', ') || 'none'}`);
    }
  }
}
