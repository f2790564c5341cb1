import { lazily } from './lazily.ts';

interface Compiled {
  (data: unknown): unknown;
  errors?: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: validators and serializers differ in what they are given
type CompilerBuilder = (...of: any[]) => (route: any) => Compiled;

/**
 * A compiler of schemas for Fastify that compiles at the first use of each schema: its validators or its serializers. A
 * process answers sooner so, and a wrong schema shows itself only then. Equal schemas are compiled once, also those of
 * several servers that share the compiler.
 */
export function lateCompiler<B extends CompilerBuilder>(build: B): B {
  /** By what the compiler was built with, then by the schema, both as JSON. */
  const known = new Map<string, Map<string, Compiled>>();
  return ((...of: unknown[]) => {
    const context = lazily(() => {
      const key = JSON.stringify(of);
      const compiled = known.get(key) ?? new Map<string, Compiled>();
      known.set(key, compiled);
      return { compiled, compile: lazily(() => build(...of)) };
    });
    return (route: { schema: unknown }): Compiled => {
      const compiled = lazily(() => {
        const { compiled, compile } = context();
        const schema = JSON.stringify(route.schema);
        const run = compiled.get(schema) ?? compile()(route);
        compiled.set(schema, run);
        return run;
      });
      const late: Compiled = (data) => {
        const run = compiled();
        const result = run(data);
        // Fastify reads from the function of a validator what is wrong.
        late.errors = run.errors;
        return result;
      };
      return late;
    };
  }) as unknown as B;
}
