// The relay as Node sees it, by Node-API only: one engine for one environment. Turns numbers and errors back and forth,
// tells the ends in batches, and gives JavaScript the shared memory. Decides nothing.

#define NAPI_VERSION 8
#include <node_api.h>

#include "engine.h"

#include <stdlib.h>
#include <string.h>

/** Ends told in one call. */
#define BATCH 256

struct module {
  napi_env env;
  struct engine engine;
  bool open;
  uint32_t threads;
  napi_threadsafe_function *tell;
  napi_ref ended, slabs[MOST_SLABS], turns, numbers;
  uint32_t *number;
  uint32_t running;
};

static napi_value fail(napi_env env, const char *what) {
  napi_throw_error(env, NULL, what);
  return NULL;
}

/** Shared memory that V8 owns; the reference keeps it until the engine is closed. */
static void *shared(napi_env env, size_t bytes, napi_ref *ref) {
  void *data = NULL;
  napi_value buffer;
  if (napi_create_arraybuffer(env, bytes, &data, &buffer) != napi_ok) return NULL;
  if (napi_create_reference(env, buffer, 1, ref) != napi_ok) return NULL;
  memset(data, 0, bytes);
  return data;
}

static struct slot *more_slots(void *data) {
  struct module *m = data;
  return shared(m->env, SLAB_SLOTS * sizeof(struct slot), &m->slabs[m->engine.slab_count]);
}

/** On the relay's thread. */
static void tell(struct thread *t) {
  struct module *m = t->tell_data;
  napi_call_threadsafe_function(m->tell[t - m->engine.threads], t, napi_tsfn_nonblocking);
}

static void hold_loop(struct module *m, bool on) {
  for (uint32_t i = 0; i < m->threads; i++) {
    if (on) napi_ref_threadsafe_function(m->env, m->tell[i]);
    else napi_unref_threadsafe_function(m->env, m->tell[i]);
  }
}

static void told(struct module *m, struct session *s) {
  engine_forget(&m->engine, s);
  // While sessions run the process stays, as it does for Node's own sockets.
  if (--m->running == 0) hold_loop(m, false);
}

/** On the JavaScript thread, some time after `tell`: the callback gets how many numbers stand in the shared memory. */
static void on_ended(napi_env env, napi_value callback, void *context, void *data) {
  struct module *m = context;
  if (env == NULL || !m->open) return;
  struct session *list = engine_ended(data);
  while (list != NULL) {
    struct session *batch[BATCH];
    uint32_t n = 0;
    for (; list != NULL && n < BATCH; list = list->next_dead) {
      m->number[n] = list->number;
      batch[n++] = list;
    }
    napi_value self, count, result;
    napi_get_undefined(env, &self);
    napi_create_uint32(env, n, &count);
    napi_call_function(env, self, callback, 1, &count, &result);
    // It may have closed the relay: then these are gone.
    if (!m->open) return;
    for (uint32_t i = 0; i < n; i++) told(m, batch[i]);
  }
}

static void close_module(void *data) {
  struct module *m = data;
  if (!m->open) return;
  m->open = false;
  napi_remove_env_cleanup_hook(m->env, close_module, m);
  engine_close(&m->engine);
  for (uint32_t i = 0; i < m->threads; i++) napi_release_threadsafe_function(m->tell[i], napi_tsfn_abort);
  free(m->tell);
  for (uint32_t i = 0; i < MOST_SLABS && m->slabs[i] != NULL; i++) {
    napi_delete_reference(m->env, m->slabs[i]);
    m->slabs[i] = NULL;
  }
  napi_delete_reference(m->env, m->turns);
  napi_delete_reference(m->env, m->numbers);
}

static bool read_doubles(napi_env env, napi_callback_info info, size_t n, double *out, struct module **m) {
  napi_value values[8];
  size_t count = n;
  if (napi_get_cb_info(env, info, &count, values, NULL, (void **)m) != napi_ok || count < n) return false;
  for (size_t i = 0; i < n; i++)
    if (napi_get_value_double(env, values[i], &out[i]) != napi_ok) return false;
  return true;
}

/** open(threads, pipes, ended) → { turns, ended }: two buffers. */
static napi_value do_open(napi_env env, napi_callback_info info) {
  struct module *m;
  napi_value values[3], name, result, buffer;
  size_t count = 3;
  uint32_t threads, pipes;
  napi_get_cb_info(env, info, &count, values, NULL, (void **)&m);
  if (m->open) return fail(env, "the relay is open");
  if (count < 3 || napi_get_value_uint32(env, values[0], &threads) != napi_ok || threads < 1 || threads > 256 ||
      napi_get_value_uint32(env, values[1], &pipes) != napi_ok)
    return fail(env, "open(threads, pipes, ended)");
  m->threads = threads;
  m->running = 0;
  m->engine.more_slots = more_slots;
  m->engine.data = m;
  m->tell = calloc(threads, sizeof *m->tell);
  _Atomic double *turns = shared(env, threads * sizeof(double), &m->turns);
  m->number = shared(env, BATCH * sizeof(uint32_t), &m->numbers);
  if (m->tell == NULL || turns == NULL || m->number == NULL) return fail(env, "no memory");
  napi_create_string_utf8(env, "chargehand relay", NAPI_AUTO_LENGTH, &name);
  uint32_t made = 0;
  for (; made < threads; made++) {
    if (napi_create_threadsafe_function(env, values[2], NULL, name, 0, 1, NULL, NULL, m, on_ended, &m->tell[made]) != napi_ok) break;
    napi_unref_threadsafe_function(env, m->tell[made]);
  }
  int error = made == threads ? engine_open(&m->engine, threads, pipes, turns, tell, m) : -1;
  if (error != 0) {
    while (made > 0) napi_release_threadsafe_function(m->tell[--made], napi_tsfn_abort);
    free(m->tell);
    return fail(env, error < 0 ? "no thread-safe function" : strerror(error));
  }
  m->open = true;
  // After the thread-safe functions, so that it runs before theirs: no thread may call one that is gone.
  napi_add_env_cleanup_hook(env, close_module, m);
  napi_create_object(env, &result);
  napi_get_reference_value(env, m->turns, &buffer);
  napi_set_named_property(env, result, "turns", buffer);
  napi_get_reference_value(env, m->numbers, &buffer);
  napi_set_named_property(env, result, "ended", buffer);
  return result;
}

/** start(client, backend, bytesIn, bytesOut, halfClosedBy) → the session's number, or a negative errno. */
static napi_value do_start(napi_env env, napi_callback_info info) {
  struct module *m;
  double a[5];
  if (!read_doubles(env, info, 5, a, &m) || !m->open) return fail(env, "start(client, backend, in, out, halfClosedBy)");
  int64_t number = engine_start(&m->engine, (int)a[0], (int)a[1], (double[2]){a[2], a[3]}, (int)a[4]);
  if (number >= 0 && m->running++ == 0) hold_loop(m, true);
  napi_value result;
  napi_create_int64(env, number, &result);
  return result;
}

/** stop(number, how): it ends soon. One that has ended is left alone. */
static napi_value do_stop(napi_env env, napi_callback_info info) {
  struct module *m;
  double a[2];
  if (!read_doubles(env, info, 2, a, &m)) return fail(env, "stop(number, how)");
  if (m->open) engine_stop(&m->engine, (uint32_t)a[0], (enum how)a[1]);
  return NULL;
}

/** keepAlive(number, seconds) */
static napi_value do_keep_alive(napi_env env, napi_callback_info info) {
  struct module *m;
  double a[2];
  if (!read_doubles(env, info, 2, a, &m)) return fail(env, "keepAlive(number, seconds)");
  if (m->open) engine_keep_alive(&m->engine, (uint32_t)a[0], (int)a[1]);
  return NULL;
}

/** slab(n) → the memory of the slots from n × 1024 on. */
static napi_value do_slab(napi_env env, napi_callback_info info) {
  struct module *m;
  double n;
  napi_value buffer = NULL;
  if (!read_doubles(env, info, 1, &n, &m) || !m->open || n < 0 || n >= m->engine.slab_count) return fail(env, "no such slab");
  napi_get_reference_value(env, m->slabs[(uint32_t)n], &buffer);
  return buffer;
}

/** wake(): every thread makes a turn soon. */
static napi_value do_wake(napi_env env, napi_callback_info info) {
  struct module *m;
  read_doubles(env, info, 0, NULL, &m);
  for (uint32_t i = 0; m->open && i < m->engine.count; i++) thread_wake(&m->engine.threads[i]);
  return NULL;
}

/** close(): ends the threads, and all sessions without a word. */
static napi_value do_close(napi_env env, napi_callback_info info) {
  struct module *m;
  read_doubles(env, info, 0, NULL, &m);
  close_module(m);
  return NULL;
}

static void free_module(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

NAPI_MODULE_INIT() {
  struct module *m = calloc(1, sizeof *m);
  if (m == NULL || napi_set_instance_data(env, m, free_module, NULL) != napi_ok) return fail(env, "no memory");
  m->env = env;
  const napi_property_descriptor functions[] = {
      {"open", NULL, do_open, NULL, NULL, NULL, napi_enumerable, m},
      {"start", NULL, do_start, NULL, NULL, NULL, napi_enumerable, m},
      {"stop", NULL, do_stop, NULL, NULL, NULL, napi_enumerable, m},
      {"keepAlive", NULL, do_keep_alive, NULL, NULL, NULL, napi_enumerable, m},
      {"slab", NULL, do_slab, NULL, NULL, NULL, napi_enumerable, m},
      {"wake", NULL, do_wake, NULL, NULL, NULL, napi_enumerable, m},
      {"close", NULL, do_close, NULL, NULL, NULL, napi_enumerable, m},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions);
  return exports;
}
