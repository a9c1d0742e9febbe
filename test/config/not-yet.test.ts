import t from 'tap';
import { NODES, problemsOf } from '../fixtures/config-text.ts';

const base = `${NODES}services: { web: { listen: 80 } }\n`;

t.test('keys whose function is still to come are accepted, with a warning', (t) => {
  const warned = (more: string): string[] => problemsOf(base + more);
  t.same(warned('admin: { group: lb }\n'), ['6:1: warning: admin: has no effect in this version yet']);
  t.same(warned('haproxy: { metrics: true }\n'), ['6:1: warning: haproxy: has no effect in this version yet']);
  t.same(warned('doctor: { interval: 2h }\n'), ['6:1: warning: doctor: has no effect in this version yet']);
  t.same(warned('relay: { kind: native, threads: 2 }\n'), [
    '6:10: warning: relay.kind: has no effect in this version yet',
    '6:24: warning: relay.threads: has no effect in this version yet',
  ]);
  t.same(warned('log: { format: haproxy }\n'), ['6:8: warning: log.format: has no effect in this version yet']);
  t.same(warned('http: { page: true }\n'), ['6:9: warning: http.page: has no effect in this version yet']);
  t.end();
});

t.test('what works is not warned of', (t) => {
  t.same(
    problemsOf(
      `${base}relay: { kind: net, threads: auto }\nlog: { format: json, session_start: true }\nhttp: { page: false }\n`,
    ),
    [],
  );
  t.end();
});
