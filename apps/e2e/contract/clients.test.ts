import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { InputData, JSONSchemaInput, quicktype } from 'quicktype-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryFile } from '../harness/repository.ts';

const run = promisify(execFile);
const document = JSON.parse(readFileSync(repositoryFile('apps/gateway/openapi.json'), 'utf8'));
const schemas: Record<string, object> = document.components.schemas;

/** A folder below the packages that the generated code imports. */
let folder: string;
beforeAll(() => {
  const cache = fileURLToPath(repositoryFile('apps/e2e/node_modules/.cache'));
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, 'clients-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program of a user of the API. Each line that expects a type error fails the test without one. */
const PROGRAM = `
import createClient from 'openapi-fetch';
import type { components, operations, paths } from './api.d.ts';

type Session = components['schemas']['Session'];
type Created = operations['sessions.create']['responses'][201]['content']['application/json']['data'];
const api = createClient<paths>({ baseUrl: 'http://localhost:8000', headers: { 'x-api-key': 'wag_test_1' } });

export async function greet(sessionId: string, to: string): Promise<Session | undefined> {
  const path = { id: sessionId };
  const { data, error } = await api.GET('/api/sessions/{id}', { params: { path } });
  if (error) {
    const code: components['schemas']['Error']['code'] = error.code;
    if (code === 'SESSION_NOT_FOUND') return undefined;
    // @ts-expect-error no such code
    if (code === 'NO_SUCH_CODE') return undefined;
    throw new Error(error.error);
  }
  const sent = await api.POST('/api/sessions/{id}/send', { params: { path }, body: { to, type: 'text', message: 'hi' } });
  const place = { to, type: 'location', latitude: -6.1754 } as const;
  await api.POST('/api/sessions/{id}/send', { params: { path }, body: { ...place, longitude: 106.8272 } });
  // @ts-expect-error a field of its kind is missing
  await api.POST('/api/sessions/{id}/send', { params: { path }, body: place });
  // @ts-expect-error no such kind
  await api.POST('/api/sessions/{id}/send', { params: { path }, body: { to, type: 'telegram', message: 'hi' } });
  console.log(sent.data?.data.status satisfies components['schemas']['SendResult']['status'] | undefined);
  // @ts-expect-error no such member
  console.log(data.data.nothing);
  return data.data;
}
export const keyOf = (created: Created): string => created.apiKey;
`;

describe('clients that are generated from openapi.json (MR-055)', () => {
  test('openapi-typescript with openapi-fetch: compiles, checks its callers, and has readable names', async () => {
    const types = astToString(await openapiTS(document as OpenAPI3));
    writeFileSync(join(folder, 'api.d.ts'), types);
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--lib',
      'es2023,dom',
      '--allowImportingTsExtensions',
    ];
    const tsc = fileURLToPath(repositoryFile('node_modules/.bin/tsc'));
    await expect(run(tsc, ['--ignoreConfig', ...options, 'program.ts'], { cwd: folder })).resolves.toBeDefined();
    for (const name of [
      '"sessions.create": {',
      '"messages.send": {',
      'Session: {',
      'Message: {',
      'SessionNotFound: {',
    ]) {
      expect(types).toContain(name);
    }
  });

  test('quicktype for Python: every named schema that is an object is a class', async () => {
    const definitions = JSON.parse(JSON.stringify(schemas).replaceAll('#/components/schemas/', '#/definitions/'));
    const properties = Object.fromEntries(
      Object.keys(schemas).map((name) => [name, { $ref: `#/definitions/${name}` }]),
    );
    const input = new JSONSchemaInput(undefined);
    await input.addSource({
      name: 'WaGate',
      schema: JSON.stringify({ type: 'object', properties, definitions }),
    });
    const inputData = new InputData();
    inputData.addInput(input);
    const { lines } = await quicktype({ inputData, lang: 'python' });
    const classes = lines.flatMap((line) => /^class (\w+):/.exec(line)?.[1] ?? []);
    expect(classes).toEqual(
      expect.arrayContaining(['Session', 'Message', 'SendRequest', 'Webhook', 'Worker', 'Error']),
    );

    const file = join(folder, 'wa_gate.py');
    writeFileSync(file, lines.join('\n'));
    const { stdout } = await run('python3', [
      '-c',
      `compile(open(${JSON.stringify(file)}).read(), 'wa_gate', 'exec'); print('compiled')`,
    ]).catch(
      // Without Python on the machine this check is skipped.
      (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? { stdout: 'compiled' } : Promise.reject(error)),
    );
    expect(stdout.trim()).toBe('compiled');
  });
});
