import { envSchema } from 'env-schema';
import type { Static, TObject } from 'typebox';

/** The environment does not fit the schema. The message names each variable and what it must be. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Reads the configuration from the environment: validated by the schema (with defaults and coercion) and frozen. Only
 * `main.ts` files call this. An empty variable counts as absent, as usual for `NAME=` in an env file.
 *
 * @throws {ConfigError} with every variable that is missing or wrong
 */
export function readConfig<T extends TObject>(schema: T, env: NodeJS.ProcessEnv = process.env): Readonly<Static<T>> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  try {
    const config = envSchema<Static<T>>({ schema, data: present, dotenv: false, env: false, ajv: { customOptions } });
    return Object.freeze(config);
  } catch (error) {
    throw new ConfigError(`The environment is not valid: ${describe(error)}.`, { cause: error });
  }
}

const customOptions = (ajv: { opts: { allErrors?: boolean | undefined } }) => {
  ajv.opts.allErrors = true;
  return ajv as never;
};

interface AjvIssue {
  keyword: string;
  instancePath?: string;
  message?: string;
  params?: { missingProperty?: string; allowedValues?: unknown[] };
}

function describe(error: unknown): string {
  const issues = (error as { errors?: AjvIssue[] }).errors;
  if (!issues?.length) return (error as Error).message;
  return issues
    .map(({ keyword, instancePath, message, params }) => {
      if (keyword === 'required') return `${params?.missingProperty} is missing`;
      const name = instancePath?.slice(1) || 'a variable';
      const allowed = params?.allowedValues ? ` (${params.allowedValues.join(', ')})` : '';
      return `${name} ${message}${allowed}`;
    })
    .join('; ');
}
