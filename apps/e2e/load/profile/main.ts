// The distribution of time in a CPU profile: self time by package and by function. Reads the files of `load:send
// --profile-dir`.
import { readFileSync } from 'node:fs';

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

const TOP = 45;
/** `dispatch` is the inspector, which starts and ends the profile. */
const NOT_WORK = new Set(['(idle)', 'dispatch']);

/** The package of a file in `node_modules/…/<package>`, our own package, or the category that V8 reports. */
function packageOf(url: string, functionName: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return url;
  const [, dependency] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  if (dependency) return dependency;
  return /\/((?:apps|packages)\/[^/]+)\/dist\//.exec(url)?.[1] ?? url;
}

for (const file of process.argv.slice(2)) {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byPackage = new Map<string, number>();
  const byFunction = new Map<string, number>();
  let total = 0;
  samples.forEach((id, index) => {
    const { functionName, url, lineNumber } = frames.get(id)!;
    const time = timeDeltas[index] ?? 0;
    if (NOT_WORK.has(functionName)) return;
    total += time;
    const owner = packageOf(url, functionName);
    const name = `${functionName || '(anonymous)'}  ${owner}/${url.split('/').at(-1)}:${lineNumber + 1}`;
    byPackage.set(owner, (byPackage.get(owner) ?? 0) + time);
    byFunction.set(name, (byFunction.get(name) ?? 0) + time);
  });
  const show = (title: string, entries: Map<string, number>, top: number) => {
    console.log(`\n${title}`);
    for (const [name, time] of [...entries].sort((a, b) => b[1] - a[1]).slice(0, top)) {
      console.log(`${((time / total) * 100).toFixed(1).padStart(6)} %  ${name}`);
    }
  };
  console.log(`== ${file}: ${(total / 1_000).toFixed(0)} ms busy`);
  show('by package', byPackage, 25);
  show('by function (self)', byFunction, TOP);
}
