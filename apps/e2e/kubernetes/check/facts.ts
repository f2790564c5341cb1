import { readFileSync } from 'node:fs';
import { type DocumentedVariable, documentedVariables } from '@wa-gate/testkit';
import { repositoryFile } from '../../harness/repository.ts';

/** What an image runs, as far as manifests have to agree with it. */
export interface ProgramFacts {
  /** The variables that it reads; tests of the programs compare the documentation with the code. */
  variables: ReadonlyMap<string, DocumentedVariable>;
  /** Variables without which it does not start. */
  needed: readonly string[];
  /** Variables of the address that it listens on. */
  hosts: readonly string[];
  /** Variables of the ports that it listens on. */
  ports: readonly string[];
  /** Paths that it answers to GET without a credential. */
  probePaths: readonly string[];
  /** The probe that asks nobody else; `undefined`: it has no server. */
  livePath: string | undefined;
}

/** What the code says, for a comparison with manifests. */
export interface Facts {
  /** By the name of the image, without a registry. */
  programs: Readonly<Record<string, ProgramFacts>>;
  /** The Secret that an operator makes, and its documented keys. */
  secret: { name: string; keys: ReadonlySet<string> };
  /** Paths that nobody outside may reach. */
  insidePaths: readonly string[];
}

export const SECRET = 'wa-gate';
const read = (path: string): string => readFileSync(repositoryFile(path), 'utf8');

export function readFacts(): Facts {
  const openapi = JSON.parse(read('apps/gateway/openapi.json')) as { paths: Record<string, { get?: object }> };
  const answered = Object.keys(openapi.paths).filter((path) => openapi.paths[path]!.get && !path.includes('{'));
  return {
    programs: {
      'wa-gate/gateway': {
        variables: documentedVariables('Gateway'),
        needed: neededOf('Gateway'),
        hosts: ['HOST'],
        ports: ['PORT'],
        // Metrics are no part of the description of the API.
        probePaths: [...answered, ...pathsIn('apps/gateway/src/plugins/metrics.ts')],
        livePath: '/livez',
      },
      'wa-gate/worker': {
        variables: documentedVariables('Worker'),
        needed: neededOf('Worker'),
        hosts: ['HOST'],
        ports: ['PORT'],
        probePaths: pathsIn('apps/worker/src/live/probe-routes.ts'),
        livePath: '/livez',
      },
      'wa-gate/sandbox': {
        variables: documentedVariables('Sandbox'),
        needed: [],
        hosts: ['SANDBOX_HOST'],
        ports: ['SANDBOX_PORT', 'SANDBOX_WS_PORT'],
        probePaths: pathsIn('apps/sandbox/src/control/server.ts'),
        livePath: '/health',
      },
      'wa-gate/migrate': {
        // It has no table of its own.
        variables: new Map(['DATABASE_URL', 'DATABASE_DIRECT_URL'].map((name) => [name, { name, fallback: '' }])),
        needed: ['DATABASE_URL'],
        hosts: [],
        ports: [],
        probePaths: [],
        livePath: undefined,
      },
    },
    secret: { name: SECRET, keys: documentedSecretKeys() },
    insidePaths: ['/metrics', '/livez', '/readyz'],
  };
}

/** The variables of the sentence "Needed: …" of a section of docs/configuration.md. */
function neededOf(heading: string): string[] {
  const section =
    read('docs/configuration.md')
      .split(/^## /m)
      .find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const sentence = /^Needed: (.*?)(?:, and|\.)/m.exec(section)?.[1] ?? '';
  return [...sentence.matchAll(/`([A-Z][A-Z0-9_]*)`/g)].map(([, name = '']) => name);
}

/** Literal paths of the GET routes of a source file. */
const pathsIn = (file: string): string[] =>
  [...read(file).matchAll(/\.get\(\s*'(\/[\w/-]*)'/g)].map(([, path = '']) => path);

/** The table of keys of docs/kubernetes.md. */
function documentedSecretKeys(): Set<string> {
  const section =
    read('docs/kubernetes.md')
      .split(/^## /m)
      .find((part) => part.startsWith('The Secret')) ?? '';
  return new Set([...section.matchAll(/^\| `([A-Z][A-Z0-9_]*)` \|/gm)].map(([, name = '']) => name));
}
