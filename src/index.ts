// The library's face: what `import … from 'chargehand'` gives.

export type { Config, ServiceConfig } from './config/config.ts';
export { loadConfig, parseConfig } from './config/load.ts';
export type { HealthFlip, Observer } from './core/events.ts';
export type { End, SessionRecord } from './core/session-record.ts';
export type { BackendSnapshot, ServiceSnapshot } from './core/status.ts';
export { ChargehandError, ConfigError, ListenError, type Problem } from './errors.ts';
export { LoadBalancer, type LoadBalancerOptions } from './load-balancer.ts';
