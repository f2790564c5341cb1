import { curve, type DashboardSpec, figure, quantiles } from './spec.ts';

export const webhooks: DashboardSpec = {
  name: 'webhooks',
  title: 'wa-gate / Webhooks, brokers, streams and mails',
  description: 'What leaves for receivers of customers, and for mailboxes.',
  rows: [
    {
      title: 'Now',
      panels: [
        figure('Switched on', 'none', 'max(wag_stored_webhooks{state="on"})', 'Webhooks that get events.'),
        figure(
          'Switched off',
          'none',
          'max(wag_stored_webhooks{state="off"})',
          'By their owner, or because the receiver said 410.',
        ),
        figure(
          'Receivers down',
          'none',
          'max(wag_stored_webhooks{state="down"})',
          'They take nothing: events wait in line, and one is tried now and then.',
        ),
        figure(
          'Due',
          'none',
          'wag:queue_depth:max{queue="webhook-queue"}',
          'Deliveries that should have been made by now.',
        ),
        figure('Oldest', 's', 'wag:queue_oldest_seconds:max{queue="webhook-queue"}', 'For how long.'),
        figure(
          'Failing',
          'percentunit',
          'wag:webhook_attempts_failed:ratio_rate5m',
          'Attempts that were refused or not answered.',
        ),
      ],
    },
    {
      title: 'Deliveries',
      panels: [
        curve(
          'Attempts',
          'ops',
          [['sum by (outcome) (rate(wag_webhook_attempts_total[$__rate_interval]))', '{{outcome}}']],
          '`failed`: the last attempt, the event is not delivered.',
        ),
        curve('Receivers', 's', quantiles('wag_webhook_attempt_duration_seconds'), 'How long they take.'),
      ],
    },
    {
      title: 'Brokers',
      panels: [
        curve(
          'Failing',
          'none',
          [['sum by (type) (wag_sinks_failing)', '{{type}}']],
          'Endpoints whose broker is away, full or refuses them. Their events wait.',
        ),
        curve(
          'Events',
          'ops',
          [['sum by (type, outcome) (rate(wag_sink_publishes_total[$__rate_interval])) > 0', '{{type}} {{outcome}}']],
          '`stored`: confirmed by the broker; else why it has not taken an event.',
        ),
        curve('Confirmations', 's', quantiles('wag_sink_publish_duration_seconds', 'type'), 'How long brokers take.'),
        curve(
          'Connections',
          'none',
          [['sum by (type) (wag_sink_connections)', '{{type}}']],
          'Open ones; endpoints with the same credentials share one.',
        ),
      ],
    },
    {
      title: 'Streams',
      panels: [
        curve('Open', 'none', [['sum by (kind) (wag_event_streams)', '{{kind}}']], 'Over all gateways.'),
        curve(
          'Events',
          'ops',
          [['sum by (kind) (rate(wag_streamed_events_total[$__rate_interval]))', '{{kind}}']],
          'Sent over streams, and to calls of the log.',
        ),
      ],
    },
    {
      title: 'Mails now',
      panels: [
        figure('Waiting', 'none', 'wag:queue_depth:max{queue="mail-queue"}', 'Mails that are not sent yet.'),
        figure('Oldest', 's', 'wag:queue_oldest_seconds:max{queue="mail-queue"}', 'Since it was written.'),
      ],
    },
    {
      title: 'Mail server',
      panels: [
        curve(
          'Attempts',
          'ops',
          [['sum by (outcome) (rate(wag_mail_attempts_total[$__rate_interval]))', '{{outcome}}']],
          'At the mail server.',
        ),
      ],
    },
  ],
};
