import AjvCompiler from '@fastify/ajv-compiler';
import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import { lazily } from '@wa-gate/kit';
import type { FastifyServerOptions } from 'fastify';

type Compilers = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;
type BuildValidator = ReturnType<typeof AjvCompiler>;
type BuildSerializer = ReturnType<typeof SerializerSelector>;

interface Check {
  (data: unknown): unknown;
  errors?: unknown;
}

/**
 * When the schemas of a route are compiled. A wrong schema shows itself only then, so tests compile `at start`; a
 * process answers sooner without.
 */
export type SchemaCompilation = 'at first use' | 'at start';

/** Fastify's own compilers of what requests hold and of what is answered. */
export function schemaCompilers(when: SchemaCompilation): Compilers {
  const [buildValidator, buildSerializer] = [AjvCompiler(), SerializerSelector()];
  if (when === 'at start') return { buildValidator, buildSerializer };
  return { buildValidator: lateValidators(buildValidator), buildSerializer: lateSerializers(buildSerializer) };
}

const lateValidators = (build: BuildValidator): BuildValidator =>
  ((...of: Parameters<BuildValidator>) => {
    const compile = lazily(() => build(...of));
    return (route: Parameters<ReturnType<BuildValidator>>[0]) => {
      const compiled = lazily(() => compile()(route) as Check);
      // Fastify reads what is wrong from the function.
      const check: Check = (data) => {
        const result = compiled()(data);
        check.errors = compiled().errors;
        return result;
      };
      return check;
    };
  }) as BuildValidator;

const lateSerializers = (build: BuildSerializer): BuildSerializer =>
  ((...of: Parameters<BuildSerializer>) => {
    const compile = lazily(() => build(...of));
    return (route: Parameters<ReturnType<BuildSerializer>>[0]) => {
      const compiled = lazily(() => compile()(route));
      return (data: unknown) => compiled()(data);
    };
  }) as BuildSerializer;
