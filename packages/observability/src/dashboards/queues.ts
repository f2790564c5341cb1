import { curve, type DashboardSpec } from './spec.ts';

export const queues: DashboardSpec = {
  name: 'queues',
  title: 'wa-gate / Queues',
  description: 'What waits, for how long, and what moves it.',
  rows: [
    {
      title: 'Queues',
      panels: [
        curve('Depth', 'short', [['wag:queue_depth:max', '{{queue}}']], 'What waits and is due.'),
        curve(
          'Oldest',
          's',
          [['wag:queue_oldest_seconds:max', '{{queue}}']],
          'For how long the oldest item has been due.',
        ),
        curve(
          'Messages in and out',
          'ops',
          [
            ['sum(rate(wag_messages_accepted_total[$__rate_interval]))', 'accepted'],
            ['sum(rate(wag_message_outcomes_total{state=~"sent|failed|unknown"}[$__rate_interval]))', 'at their end'],
          ],
          'While the lower curve is below the upper one, the queue grows.',
        ),
        curve(
          'Deliveries and mails out',
          'ops',
          [
            ['sum(rate(wag_webhook_attempts_total[$__rate_interval]))', 'attempts of webhooks'],
            ['sum(rate(wag_mail_attempts_total[$__rate_interval]))', 'attempts of mails'],
          ],
          'What the jobs do.',
        ),
      ],
    },
    {
      title: 'Redis, which carries doorbells',
      panels: [
        curve(
          'Connections',
          'bool',
          [['min by (instance) (wag_redis_up)', '{{instance}}']],
          'Without Redis polling finds everything, some seconds later.',
        ),
        curve(
          'Answers that PostgreSQL gave instead',
          'ops',
          [['sum by (instance) (rate(wag_redis_errors_total[$__rate_interval]))', '{{instance}}']],
          'Routes that Redis could not tell.',
        ),
      ],
    },
  ],
};
