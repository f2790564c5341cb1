import pg from 'pg';

/**
 * A client whose statements have no names. Behind a pooler that gives each transaction another connection, the
 * statement that was prepared under a name on one of them is missing on the next, or is another one
 * (docs/decisions/0036-database-url-and-poolers.md).
 */
export class UnnamedClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of pg, all of which take a statement first
  override query(statement: any, ...others: any[]): any {
    const { name, ...unnamed } = typeof statement === 'object' && statement !== null ? statement : {};
    // Cursors and streams are objects of classes of their own, without a name.
    const plain = typeof name === 'string' ? unnamed : statement;
    return (super.query as (...values: unknown[]) => unknown).call(this, plain, ...others);
  }
}
