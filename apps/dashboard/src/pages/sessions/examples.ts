import { basePath } from '../../api/base-path.ts';

/** The same request in three languages, ready to run. */
export function sendExamples(sessionId: string, key: string): { name: string; code: string }[] {
  const url = `${location.origin}${basePath}/api/sessions/${sessionId}/send`;
  return [
    {
      name: 'curl',
      code: `curl -X POST '${url}' \\
  -H 'Authorization: Bearer ${key}' \\
  -H 'Content-Type: application/json' \\
  -d '{"to": "6281234567890", "type": "text", "message": "Hello from wa-gate"}'`,
    },
    {
      name: 'TypeScript',
      code: `const response = await fetch('${url}', {
  method: 'POST',
  headers: {
    Authorization: 'Bearer ${key}',
    'Content-Type': 'application/json',
  },
  body: JSON.stringify({ to: '6281234567890', type: 'text', message: 'Hello from wa-gate' }),
});
const { data } = await response.json();
console.log(data.messageId, data.status);`,
    },
    {
      name: 'PHP',
      code: `use Illuminate\\Support\\Facades\\Http;

$response = Http::withToken('${key}')->post('${url}', [
    'to' => '6281234567890',
    'type' => 'text',
    'message' => 'Hello from wa-gate',
]);
echo $response->json('data.status');`,
    },
  ];
}
