/**
 * Prisma's schema engine, compiled to WebAssembly, over `pg`. The package's own entry point imports the `.wasm` file
 * as a module, which Node 20 cannot do, so it is instantiated here.
 */
import { readFileSync } from 'node:fs';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';
import { MigrationAdapterFactory } from './adapter.mjs';

const GLUE_MODULE = './schema_engine_bg.js';
const PACKAGE_ENTRY = import.meta.resolve('@prisma/schema-engine-wasm');

/** The panic hook of the wasm code stores its message here. */
const panics = {
  message: '',
  get() {
    return this.message;
  },
  /** @param {string} message */
  set_message(message) {
    this.message = `RuntimeError: ${message}`;
  },
};

/** @type {Promise<void> | undefined} */
let loading;

function loadWasm() {
  loading ??= (async () => {
    Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: panics });
    const bytes = readFileSync(new URL('./schema_engine_bg.wasm', PACKAGE_ENTRY));
    const { instance } = await WebAssembly.instantiate(bytes, { [GLUE_MODULE]: withoutHoldingTimers(glue) });
    glue.__wbg_set_wasm(instance.exports);
    /** @type {any} */ (instance.exports).__wbindgen_start();
  })();
  return loading;
}

/**
 * The engine never cancels the 10 s timeout of its advisory lock, which would keep a process alive for 10 s after its
 * work. During a real wait for the lock the connection keeps the process alive.
 * @param {object} imports
 */
function withoutHoldingTimers(imports) {
  return Object.fromEntries(
    Object.entries(imports).map(([name, value]) => [
      name,
      name.startsWith('__wbg_setTimeout_')
        ? (/** @type {() => void} */ callback, /** @type {number} */ ms) => setTimeout(callback, ms >>> 0).unref()
        : value,
    ]),
  );
}

/** @returns {string} the hash of prisma-engines the wasm file was built from */
export function engineVersion() {
  const { version } = JSON.parse(readFileSync(new URL('./package.json', PACKAGE_ENTRY), 'utf8'));
  return version.slice(version.lastIndexOf('.') + 1);
}

/**
 * @param {{ url: string, shadowDatabaseUrl?: string | undefined }} datasource
 * @param {[path: string, content: string][]} [datamodels]
 */
export async function openEngine(datasource, datamodels = []) {
  await loadWasm();
  const factory = new MigrationAdapterFactory(datasource);
  const engine = await glue.SchemaEngine.new(
    { datamodels: datamodels.length > 0 ? datamodels : undefined },
    () => {},
    bindMigrationAwareSqlAdapterFactory(/** @type {any} */ (factory)),
  );
  return { engine, close: () => factory.close() };
}
