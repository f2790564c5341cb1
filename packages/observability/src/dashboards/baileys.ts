import { curve, type DashboardSpec, quantiles } from './spec.ts';

export const baileys: DashboardSpec = {
  name: 'baileys',
  title: 'wa-gate / Baileys',
  description: 'The connections to WhatsApp as the library sees them, and what they cost.',
  rows: [
    {
      title: 'Connections',
      panels: [
        curve(
          'Open',
          'short',
          [['sum by (instance) (wag_sessions{state="connected"})', '{{instance}}']],
          'Connected sessions.',
        ),
        curve(
          'Ends by code',
          'ops',
          [['sum by (reason) (rate(wag_session_closes_total[$__rate_interval]))', '{{reason}}']],
          '401 is a logout, 403 a ban, 440 another connection, 515 a wanted restart.',
        ),
        curve('Round trips', 's', quantiles('wag_session_keepalive_seconds'), 'Keep-alives to the server of WhatsApp.'),
        curve(
          'Longest silence',
          's',
          [['max by (instance) (wag_session_longest_silence_seconds)', '{{instance}}']],
          'Of an open connection; above a minute it is replaced.',
        ),
        curve('Time to connect', 's', quantiles('wag_session_connect_seconds'), 'To the login, of linked sessions.'),
        curve(
          'Replaced',
          'ops',
          [['sum by (reason) (rate(wag_session_recycles_total[$__rate_interval]))', '{{reason}}']],
          'Open and dead.',
        ),
      ],
    },
    {
      title: 'Encryption',
      panels: [
        curve(
          'Not readable at first',
          'ops',
          [
            ['sum(rate(wag_messages_undecryptable_total[$__rate_interval]))', 'by us'],
            ['sum(rate(wag_message_resends_asked_total[$__rate_interval]))', 'by phones'],
          ],
          'Both repair themselves by a second copy; a lasting rate is a defect.',
        ),
        curve('Ratchet steps', 's', quantiles('wag_key_write_seconds'), 'Statements that make them durable.'),
      ],
    },
    {
      title: 'Cost',
      panels: [
        curve(
          'Memory by session',
          'bytes',
          [
            [
              'process_resident_memory_bytes{service="worker"} / on (instance) sum by (instance) (wag_supervised_sessions{what="actors"})',
              '{{instance}}',
            ],
          ],
          'Resident memory of a worker by its sessions.',
        ),
        curve(
          'Heap',
          'bytes',
          [['nodejs_heap_size_used_bytes{service="worker"}', '{{instance}}']],
          'Of the JavaScript of a worker.',
        ),
        curve(
          'Event loop, 99 %',
          's',
          [['nodejs_eventloop_lag_p99_seconds{service="worker"}', '{{instance}}']],
          'All sessions of a worker share it.',
        ),
        curve(
          'Promises that nobody awaited',
          'ops',
          [['sum by (instance) (rate(wag_stray_rejections_total[$__rate_interval]))', '{{instance}}']],
          'Mostly queries of closed connections.',
        ),
      ],
    },
  ],
};
