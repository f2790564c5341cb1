/**
 * `@prisma/adapter-pg`, corrected for migrations. The adapter is made for queries of an application; three of its
 * habits are harmful here:
 * - `executeScript` splits at every `;`, which tears function bodies and string literals apart. The script is sent
 * whole,
 *    as the native engine does;
 *  - it refuses the types of the system catalogue (`"char"`, `name[]`, `regclass`, ...), which the engine reads all the
 *    time. Their ids are replaced by those of plain types with the same text form;
 *  - its shadow database is opened with the settings of the main one wherever these name a connection string, so that a
 *    "shadow" could be the main database. Here the shadow is opened, and dropped, explicitly.
 */
import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import { parseConnectionUrl, quoteIdentifier } from './connection.mjs';
import { withClient } from './databases.mjs';

const TEXT = 25;
const INT4 = 23;
const INT8 = 20;
const CATALOGUE_CHAR = 18;

/** Type id of a catalogue column -> id of the plain type that reads the same. */
const PLAIN_TYPE = new Map([
  [CATALOGUE_CHAR, TEXT],
  [1003, 1009], // name[] -> text[]
  [22, 1005], // int2vector -> int2[]
  [30, 1028], // oidvector -> oid[]
  [24, TEXT], // regproc
  [27, TEXT], // tid
  [28, INT8], // xid
  [29, INT4], // cid
  [194, TEXT], // pg_node_tree
  [705, TEXT], // unknown
  [2205, TEXT], // regclass
  [2206, TEXT], // regtype
  [2249, TEXT], // record
  [3220, TEXT], // pg_lsn
  [5069, INT8], // xid8
]);

/**
 * The engine's view of one server: the main database and shadow databases next to it.
 * The wasm engine does not always dispose what it opened, hence the list and `close()`.
 */
export class MigrationAdapterFactory {
  provider = /** @type {const} */ ('postgres');
  adapterName = '@prisma/adapter-pg';
  /** @type {Set<() => Promise<void>>} */
  #open = new Set();

  /** @param {{ url: string, shadowDatabaseUrl?: string | undefined }} datasource */
  constructor(datasource) {
    this.main = parseConnectionUrl(datasource.url);
    this.shadow = datasource.shadowDatabaseUrl ? parseConnectionUrl(datasource.shadowDatabaseUrl) : undefined;
  }

  async connect() {
    const adapter = await this.#openAdapter(this.main);
    if (this.main.schema !== 'public') {
      await adapter.executeScript(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(this.main.schema)}`);
    }
    return adapter;
  }

  async connectToShadowDb() {
    if (this.shadow) return this.#openAdapter({ config: this.shadow.config, schema: this.main.schema });
    const database = `prisma_migrate_shadow_db_${randomUUID()}`;
    const server = this.main.config;
    await withClient(server, (client) => client.query(`CREATE DATABASE ${quoteIdentifier(database)}`));
    return this.#openAdapter({ config: { ...server, database }, schema: this.main.schema }, () =>
      withClient(server, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)} WITH (FORCE)`);
      }),
    );
  }

  /** Closes whatever is still open and drops the shadow databases that are left. */
  async close() {
    await Promise.allSettled([...this.#open].map((dispose) => dispose()));
  }

  /**
   * @param {Pick<import('./connection.mjs').Target, 'config' | 'schema'>} target
   * @param {() => Promise<void>} [afterwards] runs once, after the connection is closed
   */
  async #openAdapter(target, afterwards) {
    const adapter = await new PrismaPg(target.config, { schema: target.schema }).connect();
    const end = adapter.dispose.bind(adapter);
    const dispose = async () => {
      if (!this.#open.delete(dispose)) return;
      await end();
      await afterwards?.();
    };
    this.#open.add(dispose);
    return readCatalogueTypes(sendScriptsWhole(Object.assign(adapter, { dispose })));
  }
}

/**
 * @param {any} adapter `onError`, which translates errors for the engine, is protected in the type
 * @returns {any}
 */
function sendScriptsWhole(adapter) {
  return Object.assign(adapter, {
    /** @param {string} script */
    async executeScript(script) {
      try {
        await adapter.underlyingDriver().query(script);
      } catch (error) {
        adapter.onError(error);
      }
    },
  });
}

/**
 * Relabels catalogue columns between the driver and the adapter. `"char"` is reported to the engine as a character,
 * because the engine distinguishes it from text.
 * @param {any} adapter an adapter or one of its transactions
 * @returns {any}
 */
function readCatalogueTypes(adapter) {
  const performIO = adapter.performIO.bind(adapter);
  const queryRaw = adapter.queryRaw.bind(adapter);
  /** @type {WeakMap<object, number[]>} query -> indexes of its `"char"` columns */
  const characterColumns = new WeakMap();

  adapter.performIO = async (/** @type {object} */ query) => {
    const result = await performIO(query);
    const fields = /** @type {{ dataTypeID: number }[]} */ (result.fields ?? []);
    characterColumns.set(
      query,
      fields.flatMap((field, index) => (field.dataTypeID === CATALOGUE_CHAR ? [index] : [])),
    );
    return {
      ...result,
      rows: result.rows,
      rowCount: result.rowCount,
      fields: fields.map((field) => relabel(field)),
    };
  };
  adapter.queryRaw = async (/** @type {object} */ query) => {
    const result = await queryRaw(query);
    for (const index of characterColumns.get(query) ?? []) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
  if (adapter.startTransaction) {
    const startTransaction = adapter.startTransaction.bind(adapter);
    adapter.startTransaction = async (/** @type {unknown} */ level) =>
      readCatalogueTypes(await startTransaction(level));
  }
  return adapter;
}

/** @param {{ dataTypeID: number }} field */
function relabel(field) {
  const plain = PLAIN_TYPE.get(field.dataTypeID);
  return plain === undefined ? field : { ...field, dataTypeID: plain };
}
