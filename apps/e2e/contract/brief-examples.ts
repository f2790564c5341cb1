/** One HTTP example of the PaaS brief, section "API Endpoints", word for word: request and answer. */
export interface BriefExample {
  name: string;
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  /** The credential in the Authorization header of the example. */
  bearer?: 'jwt-token' | 'session-api-key' | 'worker-token' | 'admin-jwt-token';
  request?: Record<string, unknown>;
  response: Record<string, unknown>;
}

const USER = { email: 'user@example.com', password: 'securePassword123' };

export const BRIEF_EXAMPLES = [
  {
    name: 'User Registration',
    method: 'POST',
    path: '/api/auth/register',
    request: { ...USER, tier: 'basic' },
    response: {
      success: true,
      data: {
        user: { id: 'user123', email: 'user@example.com', role: 'customer', tier: 'basic' },
        token: 'jwt-token-here',
        apiKey: 'api-key-here',
      },
    },
  },
  {
    name: 'User Login',
    method: 'POST',
    path: '/api/auth/login',
    request: USER,
    response: { success: true, data: { user: {}, token: 'jwt-token-here' } },
  },
  {
    name: 'Create Session',
    method: 'POST',
    path: '/api/sessions',
    bearer: 'jwt-token',
    request: { name: 'Personal WhatsApp', sessionId: 'user123-personal' },
    response: {
      success: true,
      data: {
        sessionId: 'user123-personal',
        name: 'Personal WhatsApp',
        status: 'initializing',
        workerId: 'worker-001',
        apiKey: 'session-api-key',
      },
    },
  },
  {
    name: 'Get User Sessions',
    method: 'GET',
    path: '/api/sessions',
    bearer: 'jwt-token',
    response: {
      success: true,
      data: {
        sessions: [
          {
            id: 'user123-personal',
            name: 'Personal WhatsApp',
            status: 'connected',
            phoneNumber: '+6281234567890',
            workerId: 'worker-001',
            lastSeenAt: '2024-01-15T10:30:00Z',
          },
        ],
      },
    },
  },
  {
    name: 'Proxy Session Operations',
    method: 'POST',
    path: '/api/sessions/{sessionId}/send',
    bearer: 'session-api-key',
    request: { to: '6281234567890@s.whatsapp.net', type: 'text', message: 'Hello from API!' },
    response: { success: true, data: { messageId: 'msg_12345', status: 'sent' } },
  },
  {
    name: 'Register Worker',
    method: 'POST',
    path: '/api/admin/workers/register',
    bearer: 'worker-token',
    request: { workerId: 'worker-001', endpoint: 'http://192.168.1.100:8001', maxSessions: 50 },
    response: { success: true, data: { workerId: 'worker-001', status: 'registered' } },
  },
  {
    name: 'Add Worker',
    method: 'POST',
    path: '/api/admin/workers',
    bearer: 'admin-jwt-token',
    request: { endpoint: 'http://203.0.113.45:8001', maxSessions: 20 },
    response: {
      success: true,
      data: { workerId: 'worker-ext-001', endpoint: 'http://203.0.113.45:8001', status: 'online' },
    },
  },
  {
    name: 'Get Workers',
    method: 'GET',
    path: '/api/admin/workers',
    bearer: 'admin-jwt-token',
    response: {
      success: true,
      data: {
        workers: [
          {
            id: 'worker-001',
            endpoint: 'http://192.168.1.100:8001',
            status: 'online',
            sessionCount: 25,
            maxSessions: 50,
            cpuUsage: 45.5,
            memoryUsage: 67.8,
            lastHeartbeat: '2024-01-15T10:30:00Z',
          },
        ],
      },
    },
  },
  {
    name: 'Worker Health Update',
    method: 'PUT',
    path: '/api/admin/workers/{workerId}/heartbeat',
    bearer: 'worker-token',
    request: { status: 'online', metrics: { sessionCount: 25, cpuUsage: 45.5, memoryUsage: 67.8 } },
    response: { success: true, message: 'Heartbeat updated' },
  },
  {
    name: 'Get System Analytics',
    method: 'GET',
    path: '/api/admin/analytics',
    bearer: 'admin-jwt-token',
    response: {
      success: true,
      data: {
        overview: { totalUsers: 150, totalSessions: 89, totalWorkers: 5, totalMessages: 15_750 },
        workers: { online: 4, offline: 1, avgCpuUsage: 52.3, avgMemoryUsage: 68.9 },
        sessions: { connected: 76, disconnected: 13, successRate: 95.2 },
      },
    },
  },
  {
    name: 'Get Users',
    method: 'GET',
    path: '/api/admin/users?page=1&limit=20&search=john',
    bearer: 'admin-jwt-token',
    response: {
      success: true,
      data: { users: [{}], pagination: { total: 150, page: 1, limit: 20, totalPages: 8 } },
    },
  },
] as const satisfies readonly BriefExample[];

export type ExampleName = (typeof BRIEF_EXAMPLES)[number]['name'];

/**
 * Decided differences between an answer and its example: the member, its value in the product, and the row of
 * docs/decisions/0001-two-briefs.md that decided it. Everything else must equal the example.
 */
export const DECIDED_DIFFERENCES: readonly {
  example: ExampleName;
  member: string;
  instead: string;
  row: string;
  why: string;
}[] = [
  {
    example: 'Add Worker',
    member: 'data.status',
    instead: 'pending',
    row: 'C11',
    why: 'A worker that an administrator adds is pending until it has shown its token; the example calls it online at once.',
  },
];
