import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryFile } from '../harness/repository.ts';
import { readOptions } from '../rollout/options.ts';
import { SECRET } from './check/facts.ts';
import { kubectlEnvironment } from './kubectl.ts';
import { find, type KubernetesObject } from './objects.ts';
import { OVERLAYS, type Overlay, parseObjects, renderOverlay } from './render.ts';

/** The commands of docs/kubernetes.md: run where no cluster is needed; else their flags and objects are looked up. */

const run = promisify(execFile);
const root = fileURLToPath(repositoryFile('./'));
const page = readFileSync(join(root, 'docs/kubernetes.md'), 'utf8');
const NAMESPACES: Record<string, Overlay> = { 'wa-gate': 'production', 'wa-gate-dev': 'dev' };

/** One line of a `sh` block, with its continued lines. */
const commands = [...page.matchAll(/^```sh\n(.*?)^```/gms)]
  .flatMap(([, block = '']) => block.replace(/\\\n\s*/g, '').split('\n'))
  .filter((line) => line !== '');
const matching = (pattern: RegExp): string[] => commands.filter((command) => pattern.test(command));
/** The parts of a pipeline that call kubectl. */
const calls = commands.flatMap((command) => command.split(' | ')).filter((part) => part.startsWith('kubectl '));

const home = mkdtempSync(join(tmpdir(), 'wa-gate-kubectl-'));
let env: Record<string, string>;
const rendered = new Map<Overlay, KubernetesObject[]>();
beforeAll(async () => {
  env = await kubectlEnvironment(home);
  for (const overlay of OVERLAYS) rendered.set(overlay, await renderOverlay(overlay));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Runs a line in the root of the checkout. Random values are made here, because not every machine has openssl. */
const shell = async (line: string): Promise<string> => {
  const { stdout } = await run('sh', ['-c', line.replace(/\$\(openssl [^)]*\)/g, 'made-by-the-test')], {
    cwd: root,
    env,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout;
};

describe('the commands of docs/kubernetes.md (MR-182)', () => {
  test('are found, and each is of a kind that is judged here', () => {
    expect(commands.length).toBeGreaterThan(15);
    const known =
      /^(kubectl (kustomize|create|apply|rollout|delete|wait|scale|drain|uncordon|port-forward) |npm run build$|node apps\/e2e\/dist\/rollout\/main\.js)/;
    expect(commands.filter((command) => !known.test(command))).toEqual([]);
  });

  test.each(matching(/^kubectl kustomize /))('%s', async (command) => {
    const objects = parseObjects(await shell(command));
    expect(objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['Deployment', 'StatefulSet', 'Job']));
  });

  test.each(matching(/^kubectl create /))('%s', async (command) => {
    const [create = '', apply] = command.split(' | ');
    expect(apply).toBe('kubectl apply --filename=-');
    const [made] = parseObjects(await shell(create)) as [KubernetesObject];
    const overlay = NAMESPACES[made.metadata.namespace ?? made.metadata.name]!;
    if (made.kind === 'Namespace') {
      expect(find(rendered.get(overlay)!, 'Namespace', made.metadata.name)).toBeDefined();
      return;
    }
    expect([made.kind, made.metadata.name]).toEqual(['Secret', SECRET]);
    const referred = [...JSON.stringify(rendered.get(overlay)).matchAll(/"secretKeyRef":(\{.*?\})/g)].map(
      ([, reference = '']) => JSON.parse(reference) as { key: string; optional?: boolean },
    );
    const needed = referred.filter(({ optional }) => !optional).map(({ key }) => key);
    expect(needed).toContain('WAG_MASTER_KEY');
    expect(Object.keys(made.data!)).toEqual(expect.arrayContaining(needed));
    const unused = Object.keys(made.data!).filter((key) => !referred.some((reference) => reference.key === key));
    expect(unused, 'keys that no process reads').toEqual([]);
  });

  test('name overlays that are there', () => {
    const folders = calls.flatMap((call) => [...call.matchAll(/kustomize (\S+)/g)].map(([, folder = '']) => folder));
    expect(folders.length).toBeGreaterThan(4);
    expect(folders.filter((folder) => !existsSync(join(root, folder, 'kustomization.yaml')))).toEqual([]);
  });

  test.each([...new Set(calls.map((call) => /^kubectl (rollout \w+|[\w-]+)/.exec(call)![1]!))])(
    'kubectl %s has the flags that are used',
    async (verb) => {
      const subject = verb === 'create' ? ['create secret generic', 'create namespace'] : [verb];
      const help = (
        await Promise.all([...subject.map((one) => `kubectl ${one} --help`), 'kubectl options'].map(shell))
      ).join('\n');
      const used = calls
        .filter((call) => call.startsWith(`kubectl ${verb} `))
        .flatMap((call) => [...call.matchAll(/ (--[\w-]+)/g)].map(([, flag = '']) => flag));
      expect([...new Set(used)].filter((flag) => !help.includes(`${flag}=`) && !help.includes(`${flag} `))).toEqual([]);
    },
  );

  test('name objects that are rendered, in their namespace', () => {
    const kinds: Record<string, string> = {
      deployment: 'Deployment',
      statefulset: 'StatefulSet',
      job: 'Job',
      service: 'Service',
    };
    const named = calls.flatMap((call) => {
      const [, kind = '', name = ''] = /\b(deployment|statefulset|job|service)[/ ](\w[\w-]*)/.exec(call) ?? [];
      const namespace = /--namespace=(\S+)/.exec(call)?.[1];
      return kind === '' ? [] : [{ call, kind: kinds[kind]!, name, namespace }];
    });
    expect(named.length).toBeGreaterThan(8);
    const wrong = named.filter(({ kind, name, namespace = '' }) => {
      const objects = rendered.get(NAMESPACES[namespace] ?? 'production')!;
      return find(objects, kind, name)?.metadata.namespace !== namespace;
    });
    expect(wrong.map(({ call }) => call)).toEqual([]);
  });

  test.each(matching(/^node /))('%s: the rehearsal takes these options', (command) => {
    const [, , ...options] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    expect(readOptions(options).scenarios.length).toBeGreaterThan(0);
  });
});
