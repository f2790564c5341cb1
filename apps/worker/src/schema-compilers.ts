import AjvCompiler from '@fastify/ajv-compiler';
import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import { lateCompiler } from '@wa-gate/kit';
import type { FastifyServerOptions } from 'fastify';

type Compilers = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;

/**
 * When the schemas of a route are compiled. A wrong schema shows itself only then, so tests compile `at start`; a
 * process answers sooner without.
 */
export type SchemaCompilation = 'at first use' | 'at start';

/** Fastify's own compilers of what requests hold and of what is answered. */
export function schemaCompilers(when: SchemaCompilation): Compilers {
  const [buildValidator, buildSerializer] = [AjvCompiler(), SerializerSelector()];
  if (when === 'at start') return { buildValidator, buildSerializer };
  return { buildValidator: lateCompiler(buildValidator), buildSerializer: lateCompiler(buildSerializer) };
}
