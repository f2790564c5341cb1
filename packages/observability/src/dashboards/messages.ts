import { curve, type DashboardSpec, figure, quantiles } from './spec.ts';

export const messages: DashboardSpec = {
  name: 'messages',
  title: 'wa-gate / Messages',
  description: 'Messages in both directions: how many, how quick, what fails.',
  rows: [
    {
      title: 'Now',
      panels: [
        figure('Accepted per second', 'ops', 'sum(rate(wag_messages_accepted_total[5m]))', 'By all gateways.'),
        figure(
          'Sent per second',
          'ops',
          'sum(rate(wag_message_outcomes_total{state="sent"}[5m]))',
          "With the word of WhatsApp's server.",
        ),
        figure('Received per second', 'ops', 'sum(rate(wag_messages_received_total[5m]))', 'Stored.'),
        figure(
          'Waiting',
          'none',
          'sum(wag:queue_depth:max{queue=~"message-queue|broadcast-queue"})',
          'Accepted, due, not taken yet.',
        ),
        figure(
          'Failing',
          'percentunit',
          'wag:messages_failed:ratio_rate5m',
          'Failed or unknown, of what came to an end.',
        ),
        figure(
          '95 % sent within',
          's',
          'wag:message_send_seconds:p95_rate5m',
          "From acceptance to the word of WhatsApp's server.",
        ),
      ],
    },
    {
      title: 'Out',
      panels: [
        curve(
          'Accepted',
          'ops',
          [['sum by (kind, by) (rate(wag_messages_accepted_total[$__rate_interval]))', '{{kind}} by {{by}}']],
          'By the gateway itself, or by the owner of the session.',
        ),
        curve(
          'Outcomes',
          'ops',
          [['sum by (state) (rate(wag_message_outcomes_total[$__rate_interval]))', '{{state}}']],
          'Each step of a message is counted.',
        ),
        curve(
          'Acceptance to acknowledgement',
          's',
          quantiles('wag_message_send_seconds'),
          'Waiting in the outbox included; scheduled messages wait on purpose.',
        ),
        curve(
          'Attempt to acknowledgement',
          's',
          quantiles('wag_message_acknowledge_seconds'),
          "What WhatsApp's server and our database take.",
        ),
        curve('Ratchet steps', 's', quantiles('wag_key_write_seconds'), 'Every send waits until its step is durable.'),
        curve(
          'Asked for again',
          'ops',
          [['sum by (instance) (rate(wag_message_resends_asked_total[$__rate_interval]))', '{{instance}}']],
          'By phones that could not decrypt.',
        ),
      ],
    },
    {
      title: 'In',
      panels: [
        curve(
          'Received',
          'ops',
          [['sum by (instance) (rate(wag_messages_received_total[$__rate_interval]))', '{{instance}}']],
          'Inbound messages stored.',
        ),
        curve(
          'Not decrypted at first',
          'ops',
          [['sum by (instance) (rate(wag_messages_undecryptable_total[$__rate_interval]))', '{{instance}}']],
          'Their senders were asked to send them again.',
        ),
        curve(
          'Settings not stored',
          'ops',
          [['sum by (instance) (rate(wag_settings_refused_total[$__rate_interval]))', '{{instance}}']],
          'Of chats and labels: PostgreSQL refused them, the log names them.',
        ),
        curve(
          'Files fetched',
          'ops',
          [['sum by (status) (rate(wag_media_downloads_total[$__rate_interval]))', '{{status}}']],
          'Of received messages: verified, gone at WhatsApp and at the phone, or given up.',
        ),
        curve(
          'Bytes of files',
          'Bps',
          [['sum by (instance) (rate(wag_media_downloaded_bytes_total[$__rate_interval]))', '{{instance}}']],
          'Fetched and verified.',
        ),
        curve(
          'History taken in',
          'short',
          [['sum by (what) (wag_history_sessions)', '{{what}}']],
          'Sessions with a part that is taken in, and those that wait for a place in the fleet.',
        ),
        curve(
          'Parts of the history',
          'ops',
          [['sum by (status) (rate(wag_history_parts_total[$__rate_interval]))', '{{status}}']],
          'Taken in, given up, or to be taken in again.',
        ),
        curve(
          'Messages of the history',
          'ops',
          [['sum(rate(wag_history_messages_total[$__rate_interval]))', 'stored']],
          'Those that were not known before.',
        ),
        curve(
          'Bytes of the history',
          'Bps',
          [['sum by (instance) (rate(wag_history_bytes_total[$__rate_interval]))', '{{instance}}']],
          'Compressed, as they come.',
        ),
        curve(
          'Requests after gaps',
          'ops',
          [['sum by (outcome) (rate(wag_history_gap_requests_total[$__rate_interval]))', '{{outcome}}']],
          'Phones that were asked for what is missing since their session was away.',
        ),
      ],
    },
  ],
};
