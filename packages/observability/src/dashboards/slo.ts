import { curve, type DashboardSpec, figure } from './spec.ts';

export const slo: DashboardSpec = {
  name: 'slo',
  title: 'wa-gate / Service level',
  description: 'What customers see: availability 99.9 %, answers within 200 ms, messages within seconds.',
  rows: [
    {
      title: 'Now',
      panels: [
        figure(
          'Availability, 1 h',
          'percentunit',
          '1 - wag:http_errors:ratio_rate1h',
          'Requests that were not answered with 5xx.',
        ),
        figure('Availability, 6 h', 'percentunit', '1 - wag:http_errors:ratio_rate6h', 'The same.'),
        figure('Requests', 'reqps', 'wag:http_requests:rate5m', 'Per second, without probes.'),
        figure(
          'Sent within 5 s',
          'percentunit',
          'wag:messages_sent_within_5s:ratio_rate5m',
          'Of the messages that WhatsApp has acknowledged.',
        ),
        figure('Sessions connected', 'percentunit', 'wag:sessions_connected:ratio', 'Of those that are linked.'),
      ],
    },
    {
      title: 'Errors',
      panels: [
        curve(
          'Use of the budget',
          'short',
          [
            ['wag:http_errors:ratio_rate5m / 0.001', '5 min'],
            ['wag:http_errors:ratio_rate30m / 0.001', '30 min'],
            ['wag:http_errors:ratio_rate1h / 0.001', '1 h'],
            ['wag:http_errors:ratio_rate6h / 0.001', '6 h'],
          ],
          '1 uses up the 0.1 % exactly; alerts fire at 14.4 and at 6.',
        ),
        curve(
          'Answers',
          'reqps',
          [['sum by (status) (rate(wag_http_requests_total[$__rate_interval]))', '{{status}}']],
          'By status.',
        ),
        curve(
          'Refused by limits',
          'reqps',
          [
            ['sum by (bucket) (rate(wag_requests_limited_total[$__rate_interval]))', '{{bucket}}'],
            ['sum(rate(wag_requests_limited_locally_total[$__rate_interval]))', 'counted without Redis'],
          ],
          '429 by bucket, and requests that gateways counted alone.',
        ),
      ],
    },
    {
      title: 'Latency',
      panels: [
        curve(
          '95 % within',
          's',
          [['wag:http_request_duration_seconds:p95_rate5m', '{{class}}']],
          '`send` waits for WhatsApp, `live` for a worker.',
        ),
        curve(
          'Slowest routes',
          's',
          [
            [
              'topk(10, sum by (method, route) (rate(wag_http_route_seconds_total[$__rate_interval])) / sum by (method, route) (rate(wag_http_requests_total[$__rate_interval])))',
              '{{method}} {{route}}',
            ],
          ],
          'Means.',
        ),
        curve(
          'Busiest routes',
          'reqps',
          [
            [
              'topk(10, sum by (method, route) (rate(wag_http_requests_total[$__rate_interval])))',
              '{{method}} {{route}}',
            ],
          ],
          'Requests per second.',
        ),
      ],
    },
  ],
};
