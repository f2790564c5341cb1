import { curve, type DashboardSpec, figure, quantiles } from './spec.ts';

export const postgres: DashboardSpec = {
  name: 'postgres',
  title: 'wa-gate / PostgreSQL',
  description:
    'The database by its own statistics, which the process with the role jobs reads, and the pools of our processes.',
  rows: [
    {
      title: 'Now',
      panels: [
        figure('Answers', 'bool', 'max(wag_postgres_up)', 'Within two seconds.'),
        figure('Size', 'bytes', 'max(wag_postgres_database_bytes)', 'Of this database.'),
        figure(
          'Connections',
          'percentunit',
          'sum(max by (state) (wag_postgres_connections)) / max(wag_postgres_max_connections)',
          'Of those that the server accepts.',
        ),
        figure('Oldest transaction', 's', 'max(wag_postgres_oldest_transaction_seconds)', 'Vacuum waits for it.'),
        figure('Replicas', 'none', 'max(wag_postgres_replicas)', 'That stream from this server.'),
        figure('Lag', 's', 'max(wag_postgres_replica_lag_seconds)', 'Of the slowest replica.'),
      ],
    },
    {
      title: 'Server',
      panels: [
        curve('Connections', 'short', [['max by (state) (wag_postgres_connections)', '{{state}}']], 'Of all clients.', {
          stacked: true,
        }),
        curve(
          'Transactions',
          'ops',
          [['max by (outcome) (rate(wag_postgres_transactions_total[$__rate_interval]))', '{{outcome}}']],
          'Of this database.',
        ),
        curve(
          'Found in shared buffers',
          'percentunit',
          [
            [
              'max(rate(wag_postgres_blocks_total{source="buffers"}[$__rate_interval])) / sum(max by (source) (rate(wag_postgres_blocks_total[$__rate_interval])))',
              'share',
            ],
          ],
          'Of the blocks that were asked for.',
        ),
        curve(
          'Written',
          'Bps',
          [
            ['max(rate(wag_postgres_wal_bytes_total[$__rate_interval]))', 'write-ahead log'],
            ['max(rate(wag_postgres_temporary_bytes_total[$__rate_interval]))', 'temporary files'],
          ],
          'Bytes per second.',
        ),
        curve(
          'Locks',
          'short',
          [
            ['max(wag_postgres_waiting_connections)', 'connections that wait'],
            ['max(increase(wag_postgres_deadlocks_total[$__rate_interval]))', 'deadlocks'],
          ],
          'Short waits are usual: owners lock their placement.',
        ),
        curve(
          'Transactions not frozen',
          'short',
          [['max(wag_postgres_oldest_xid_age)', 'age']],
          'The server stops near 2 billion; autovacuum freezes from 200 million on.',
        ),
      ],
    },
    {
      title: 'Tables',
      panels: [
        curve(
          'Largest tables',
          'bytes',
          [['topk(10, max by (table) (wag_postgres_table_bytes))', '{{table}}']],
          'With indexes.',
        ),
        curve(
          'Dead rows',
          'short',
          [['topk(10, max by (table) (wag_postgres_table_rows{state="dead"}))', '{{table}}']],
          'They wait for vacuum.',
        ),
        curve(
          'Rows',
          'short',
          [['topk(10, max by (table) (wag_postgres_table_rows{state="live"}))', '{{table}}']],
          'Estimated.',
        ),
      ],
    },
    {
      title: 'Pools of our processes',
      panels: [
        curve(
          'Connections in use',
          'short',
          [['sum by (instance) (wag_database_pool_connections{state="busy"})', '{{instance}}']],
          'Of the main pools.',
        ),
        curve(
          'Waiting for a connection',
          'short',
          [
            ['sum by (instance) (wag_database_pool_connections{state="waiting"})', '{{instance}}'],
            ['min(wag_database_pool_max_connections)', 'smallest pool'],
          ],
          'Above 0 for long: the pool is too small, or the database too slow.',
        ),
        curve(
          'Use of a connection',
          's',
          quantiles('wag_database_use_seconds', 'service'),
          'A statement or a transaction; the aim is 50 ms.',
        ),
      ],
    },
  ],
};
