// The names of HAProxy's own exporter, out of the same rows as its statistics: what stands in columns, under the names that
// dashboards and alerts know. What only HTTP, TLS, caches, compression and peers have is left out.

import { CHECK_STATUSES, type CheckStatus, checkStatus } from './check-report.ts';
import type { Column, Kind } from './columns.ts';
import { type InfoField, infoFields, type ProcessFacts } from './info.ts';
import { type Row, type RowSources, rowsOf } from './rows.ts';
import { SERVER_STATES, serverState } from './server-words.ts';
import { serversOf } from './shown-service.ts';

type Type = 'counter' | 'gauge';

/** Name, type, column, what its value is divided by, the kinds of rows that have it. */
const OF_ROWS: readonly (readonly [name: string, type: Type, column: Column, by: number, kinds: string])[] = [
  ['current_queue', 'gauge', 'qcur', 1, 'BS'],
  ['max_queue', 'gauge', 'qmax', 1, 'BS'],
  ['current_sessions', 'gauge', 'scur', 1, 'FBS'],
  ['max_sessions', 'gauge', 'smax', 1, 'FBS'],
  ['limit_sessions', 'gauge', 'slim', 1, 'FBS'],
  ['sessions_total', 'counter', 'stot', 1, 'FBS'],
  ['bytes_in_total', 'counter', 'bin', 1, 'FBS'],
  ['bytes_out_total', 'counter', 'bout', 1, 'FBS'],
  ['requests_denied_total', 'counter', 'dreq', 1, 'FB'],
  ['responses_denied_total', 'counter', 'dresp', 1, 'FBS'],
  ['request_errors_total', 'counter', 'ereq', 1, 'F'],
  ['connection_errors_total', 'counter', 'econ', 1, 'BS'],
  ['response_errors_total', 'counter', 'eresp', 1, 'BS'],
  ['retry_warnings_total', 'counter', 'wretr', 1, 'BS'],
  ['redispatch_warnings_total', 'counter', 'wredis', 1, 'BS'],
  ['weight', 'gauge', 'weight', 1, 'BS'],
  ['active_servers', 'gauge', 'act', 1, 'B'],
  ['backup_servers', 'gauge', 'bck', 1, 'B'],
  ['check_failures_total', 'counter', 'chkfail', 1, 'S'],
  ['check_up_down_total', 'counter', 'chkdown', 1, 'BS'],
  ['check_last_change_seconds', 'gauge', 'lastchg', 1, 'BS'],
  ['downtime_seconds_total', 'counter', 'downtime', 1, 'BS'],
  ['queue_limit', 'gauge', 'qlimit', 1, 'S'],
  ['current_throttle', 'gauge', 'throttle', 1, 'S'],
  ['loadbalanced_total', 'counter', 'lbtot', 1, 'BS'],
  ['limit_session_rate', 'gauge', 'rate_lim', 1, 'F'],
  ['max_session_rate', 'gauge', 'rate_max', 1, 'FBS'],
  ['check_code', 'gauge', 'check_code', 1, 'S'],
  ['check_duration_seconds', 'gauge', 'check_duration', 1000, 'S'],
  ['connections_rate_max', 'gauge', 'conn_rate_max', 1, 'F'],
  ['connections_total', 'counter', 'conn_tot', 1, 'F'],
  ['denied_connections_total', 'counter', 'dcon', 1, 'F'],
  ['denied_sessions_total', 'counter', 'dses', 1, 'F'],
  ['client_aborts_total', 'counter', 'cli_abrt', 1, 'BS'],
  ['server_aborts_total', 'counter', 'srv_abrt', 1, 'BS'],
  ['last_session_seconds', 'gauge', 'lastsess', 1, 'BS'],
  ['queue_time_average_seconds', 'gauge', 'qtime', 1000, 'BS'],
  ['connect_time_average_seconds', 'gauge', 'ctime', 1000, 'BS'],
  ['response_time_average_seconds', 'gauge', 'rtime', 1000, 'BS'],
  ['total_time_average_seconds', 'gauge', 'ttime', 1000, 'BS'],
  ['max_queue_time_seconds', 'gauge', 'qtime_max', 1000, 'BS'],
  ['max_connect_time_seconds', 'gauge', 'ctime_max', 1000, 'BS'],
  ['max_response_time_seconds', 'gauge', 'rtime_max', 1000, 'BS'],
  ['max_total_time_seconds', 'gauge', 'ttime_max', 1000, 'BS'],
  ['failed_header_rewriting_total', 'counter', 'wrew', 1, 'FBS'],
  ['connection_attempts_total', 'counter', 'connect', 1, 'BS'],
  ['connection_reuses_total', 'counter', 'reuse', 1, 'BS'],
  ['idle_connections_current', 'gauge', 'srv_icur', 1, 'S'],
  ['idle_connections_limit', 'gauge', 'src_ilim', 1, 'S'],
  ['unsafe_idle_connections_current', 'gauge', 'idle_conn_cur', 1, 'S'],
  ['safe_idle_connections_current', 'gauge', 'safe_conn_cur', 1, 'S'],
  ['used_connections_current', 'gauge', 'used_conn_cur', 1, 'S'],
  ['need_connections_current', 'gauge', 'need_conn_est', 1, 'S'],
  ['internal_errors_total', 'counter', 'eint', 1, 'FBS'],
  ['uweight', 'gauge', 'uweight', 1, 'BS'],
];

const OF_INFO: readonly (readonly [name: string, type: Type, field: string])[] = [
  ['nbthread', 'gauge', 'Nbthread'],
  ['nbproc', 'gauge', 'Nbproc'],
  ['relative_process_id', 'gauge', 'Process_num'],
  ['uptime_seconds', 'gauge', 'Uptime_sec'],
  ['pool_failures_total', 'counter', 'PoolFailed'],
  ['max_fds', 'gauge', 'Ulimit-n'],
  ['max_sockets', 'gauge', 'Maxsock'],
  ['max_connections', 'gauge', 'Maxconn'],
  ['hard_max_connections', 'gauge', 'Hard_maxconn'],
  ['current_connections', 'gauge', 'CurrConns'],
  ['connections_total', 'counter', 'CumConns'],
  ['requests_total', 'counter', 'CumReq'],
  ['max_pipes', 'gauge', 'Maxpipes'],
  ['pipes_used_total', 'counter', 'PipesUsed'],
  ['pipes_free_total', 'counter', 'PipesFree'],
  ['current_connection_rate', 'gauge', 'ConnRate'],
  ['limit_connection_rate', 'gauge', 'ConnRateLimit'],
  ['max_connection_rate', 'gauge', 'MaxConnRate'],
  ['current_session_rate', 'gauge', 'SessRate'],
  ['limit_session_rate', 'gauge', 'SessRateLimit'],
  ['max_session_rate', 'gauge', 'MaxSessRate'],
  ['current_tasks', 'gauge', 'Tasks'],
  ['current_run_queue', 'gauge', 'Run_queue'],
  ['idle_time_percent', 'gauge', 'Idle_pct'],
  ['stopping', 'gauge', 'Stopping'],
  ['jobs', 'gauge', 'Jobs'],
  ['unstoppable_jobs', 'gauge', 'Unstoppable Jobs'],
  ['listeners', 'gauge', 'Listeners'],
  ['dropped_logs_total', 'counter', 'DroppedLogs'],
  ['busy_polling_enabled', 'gauge', 'BusyPolling'],
  ['failed_resolutions', 'counter', 'FailedResolutions'],
  ['bytes_out_total', 'counter', 'TotalBytesOut'],
  ['spliced_bytes_out_total', 'counter', 'TotalSplicdedBytesOut'],
  ['bytes_out_rate', 'gauge', 'BytesOutRate'],
  ['recv_logs_total', 'counter', 'CumRecvLogs'],
  ['max_memory_bytes', 'gauge', 'Memmax_bytes'],
  ['pool_allocated_bytes', 'gauge', 'PoolAlloc_bytes'],
  ['pool_used_bytes', 'gauge', 'PoolUsed_bytes'],
  ['start_time_seconds', 'gauge', 'Start_time_sec'],
];

const KINDS = { F: 'frontend', B: 'backend', S: 'server' } as const;

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** The text, to be put behind that of /metrics. */
export function exporterText(from: RowSources, facts: ProcessFacts): string {
  const rows = rowsOf(from);
  const info = infoFields(facts);
  const metrics = [
    ...OF_INFO.map(([name, type, field]) => metric(`process_${name}`, type, field, [[{}, numberOf(info, field)]])),
    metric('process_build_info', 'gauge', 'Build info', [[{ version: facts.version }, 1]]),
  ];
  for (const kind of ['F', 'B', 'S'] as const) {
    const own = rows.filter((row) => row.kind === kind);
    for (const [name, type, column, by, kinds] of OF_ROWS) {
      if (!kinds.includes(kind)) continue;
      // Of a server that nobody checks there is no last check.
      const shown = name.startsWith('check_') && kind === 'S' && !ALWAYS_THERE.has(name) ? own.filter(isChecked) : own;
      const samples = shown.map((row): Sample => [labelsOf(row), Number(row.values[column] ?? Number.NaN) / by]);
      metrics.push(metric(`${KINDS[kind]}_${name}`, type, column, samples));
    }
  }
  metrics.push(...states(from, rows));
  return metrics.join('');
}

/** What is told of servers that nobody checks, too: as NaN. */
const ALWAYS_THERE: ReadonlySet<string> = new Set([
  'check_failures_total',
  'check_up_down_total',
  'check_last_change_seconds',
]);

function isChecked({ values }: Row): boolean {
  return values.check_status !== undefined;
}

/** What has a label for each state it may be in. */
function states(from: RowSources, rows: readonly Row[]): readonly string[] {
  const open = (row: Row) => (row.values.status === 'OPEN' || row.values.status === 'UP' ? 'UP' : 'DOWN');
  const simple = (kind: Kind) =>
    rows
      .filter((row) => row.kind === kind)
      .flatMap((row) =>
        ['DOWN', 'UP'].map((state): Sample => [{ ...labelsOf(row), state }, Number(open(row) === state)]),
      );
  const servers = from.services.flatMap((service) =>
    serversOf(service).map((backend) => ({
      proxy: service.name,
      server: backend.node,
      state: serverState(backend),
      checked: service.config.health !== false,
      check: lastCheck(from, service, backend.node),
    })),
  );
  type Of = (server: (typeof servers)[number]) => string | undefined;
  const each = (among: typeof servers, list: readonly string[], of: Of) =>
    among.flatMap((server) =>
      list.map(
        (state): Sample => [{ proxy: server.proxy, server: server.server, state }, Number(of(server) === state)],
      ),
    );
  const sum = (list: readonly string[], of: Of) =>
    from.services.flatMap(({ name }) =>
      list.map((state): Sample => {
        const own = servers.filter((server) => server.proxy === name && of(server) === state);
        return [{ proxy: name, state }, own.length];
      }),
    );
  const checks = Object.keys(CHECK_STATUSES);
  const checked = servers.filter((server) => server.checked);
  return [
    metric('frontend_status', 'gauge', 'status', simple('F')),
    metric('backend_status', 'gauge', 'status', simple('B')),
    metric(
      'backend_agg_server_status',
      'gauge',
      'agg_server_status',
      sum(SERVER_STATES, (s) => s.state),
    ),
    metric(
      'backend_agg_server_check_status',
      'gauge',
      'agg_server_check_status',
      sum(SERVER_STATES, (s) => s.state),
    ),
    metric(
      'backend_agg_check_status',
      'gauge',
      'agg_check_status',
      sum(checks, (s) => s.check),
    ),
    metric(
      'server_status',
      'gauge',
      'status',
      each(servers, SERVER_STATES, (s) => s.state),
    ),
    metric(
      'server_check_status',
      'gauge',
      'check_status',
      each(checked, checks, (s) => s.check),
    ),
  ];
}

function lastCheck(from: RowSources, service: RowSources['services'][number], node: string): CheckStatus | undefined {
  const { health } = service.config;
  const { check } = from.counts.server(service.name, node);
  return health === false || check.seconds === undefined ? undefined : checkStatus(health.type, check.failure);
}

function labelsOf({ kind, values }: Row): Labels {
  const proxy = String(values.pxname);
  return kind === 'S' ? { proxy, server: String(values.svname) } : { proxy };
}

function numberOf(info: readonly InfoField[], field: string): number {
  return Number(info.find(({ name }) => name === field)?.value ?? Number.NaN);
}

function metric(name: string, type: Type, source: string, samples: readonly Sample[]): string {
  const full = `haproxy_${name}`;
  // Names of the file and words of closed lists: nothing in them has to be escaped.
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([key, label]) => `${key}="${label}"`);
    return `${full}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${full} What HAProxy shows as ${source}.\n# TYPE ${full} ${type}\n${lines.join('')}`;
}
