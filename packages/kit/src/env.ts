import { readFileSync } from 'node:fs';
import type { Static, TObject, TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** The environment does not fit the schema. The message names each variable and what it must be. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Reads the configuration from the environment: validated by the schema (with defaults and coercion) and frozen. Only
 * `main.ts` files call this. An empty variable counts as absent, as usual for `NAME=` in an env file. The value of any
 * variable that is a text may be in a file instead, which `NAME_FILE` names: so are secrets mounted into containers.
 *
 * @throws {ConfigError} with every variable that is missing or wrong
 */
export function readConfig<T extends TObject>(schema: T, env: NodeJS.ProcessEnv = process.env): Readonly<Static<T>> {
  const config: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const text = isText(property) ? textOf(name, env) : env[name];
    const value = text === undefined || text === '' ? defaultOf(property) : coerce(text, property);
    if (value !== undefined) config[name] = value;
  }
  if (!Value.Check(schema, config)) {
    throw new ConfigError(`The environment is not valid: ${describe(Value.Errors(schema, config))}.`);
  }
  return Object.freeze(config as Static<T>);
}

const isText = (schema: TSchema): boolean => (schema as { type?: string }).type === 'string';

/** The value of a variable, or of the file that `NAME_FILE` names, without the line break at its end. */
function textOf(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const value = env[name];
  const path = env[`${name}_FILE`];
  if (!path) return value;
  if (value) throw new ConfigError(`${name} and ${name}_FILE are both set. Keep one of them.`);
  let content: string;
  try {
    content = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new ConfigError(`${name}_FILE names ${path}, which ${whyUnreadable(error)}`);
  }
  if (content === '') throw new ConfigError(`${name}_FILE names ${path}, which is empty. Write the value into it.`);
  return content;
}

function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'does not exist. Create the file, or mount the secret there.';
    case 'EACCES':
      return `user ${process.getuid?.() ?? ''} may not read. Let that user read it, with chown or chmod.`;
    case 'EISDIR':
      return 'is a folder. A container engine makes one where the file to mount is missing: create the file, start again.';
    default:
      return `cannot be read (${code ?? message}).`;
  }
}

const defaultOf = (schema: TSchema): unknown => (schema as { default?: unknown }).default;

/** Numbers and flags are text in the environment; what is neither stays text, and is refused as such. */
function coerce(text: string, schema: TSchema): unknown {
  const { type } = schema as { type?: string };
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  const isNumber = (type === 'integer' || type === 'number') && /^[+-]?\d/.test(text);
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : text;
}

interface Issue {
  keyword: string;
  instancePath: string;
  message: string;
  params: object;
}

/** Every variable once. Of a choice, each branch has said why it was not taken: all of them name the values. */
function describe(issues: readonly Issue[]): string {
  const sentences = new Map<string, string>();
  const constants = new Map<string, unknown[]>();
  for (const { keyword, instancePath, params } of issues) {
    if (keyword !== 'const') continue;
    constants.set(instancePath, [
      ...(constants.get(instancePath) ?? []),
      (params as { allowedValue: unknown }).allowedValue,
    ]);
  }
  for (const { keyword, instancePath, message, params } of issues) {
    if (keyword === 'required') {
      for (const name of (params as { requiredProperties: string[] }).requiredProperties) {
        sentences.set(name, `${name} is missing`);
      }
      continue;
    }
    const name = instancePath.slice(1) || 'a variable';
    const allowed = constants.get(instancePath) ?? (params as { allowedValues?: unknown[] }).allowedValues;
    const why = allowed ? `must be equal to one of the allowed values (${allowed.join(', ')})` : message;
    if (!sentences.has(name)) sentences.set(name, `${name} ${why}`);
  }
  return [...sentences.values()].join('; ');
}
