#ifndef SALLYPORT_H
#define SALLYPORT_H

/* libsallyport: ask a Sallyport service to judge code and to run it in a sandbox.
 *
 *     sallyport *service = NULL;
 *     sallyport_value *answer = NULL;
 *     struct sallyport_error error;
 *     struct sallyport_run_options run = {.size = sizeof run, .language = "python", .code = text, .code_bytes = n};
 *     if (sallyport_open(NULL, &service, &error) < 0 || sallyport_run(service, &run, &answer, &error) < 0)
 *         fprintf(stderr, "%s: %s\n", error.name, error.message);
 *     else
 *         puts(sallyport_get_text(answer, "stdout", NULL));
 *     sallyport_free(answer);
 *     sallyport_close(service);
 *
 * One connection belongs to one thread at a time; different connections are independent. Only sallyport_interrupt may be
 * called from anywhere. Every function that can fail returns 0 or a negative SALLYPORT_E… and then fills *error (which
 * may be NULL); outputs are written on success only. Structs begin with their size, so that later versions can add
 * fields: set it with sizeof, and zero what you do not use. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SALLYPORT_API __attribute__((visibility("default")))
#else
#define SALLYPORT_API
#endif

/* ---- errors ---- */

/* Codes keep their numbers for ever; names are those of the wire. */
enum sallyport_code {
    SALLYPORT_EINVALID_REQUEST = -1,
    SALLYPORT_EUNKNOWN_METHOD = -2,
    SALLYPORT_ETOO_LARGE = -3,
    SALLYPORT_ETOO_DEEP = -4,
    SALLYPORT_EBUSY = -5,
    SALLYPORT_EDENIED = -6,
    SALLYPORT_EUNKNOWN_POLICY = -7,
    SALLYPORT_EINVALID_POLICY = -8,
    SALLYPORT_EINVALID_PATTERN = -9,
    SALLYPORT_EUNSUPPORTED_LANGUAGE = -10,
    SALLYPORT_EINVALID_CODE = -11,
    SALLYPORT_EUNKNOWN_SESSION = -12,
    SALLYPORT_EUNKNOWN_JOB = -13,
    SALLYPORT_ERUNTIME_UNAVAILABLE = -14,
    SALLYPORT_EIMAGE_MISSING = -15,
    SALLYPORT_EINSTALL_FAILED = -16,
    SALLYPORT_ETIMED_OUT = -17,
    SALLYPORT_ECANCELLED = -18,
    SALLYPORT_ESHUTTING_DOWN = -19,
    SALLYPORT_EINTERNAL = -20,
    SALLYPORT_ENO_MEMORY = -21,
    SALLYPORT_EINVALID_CONFIG = -22,
    SALLYPORT_EUNREACHABLE = -23,
    SALLYPORT_EPROTOCOL = -24,
    SALLYPORT_ENOT_APPLICABLE = -25
};

struct sallyport_error {
    int code;          /* enum sallyport_code; 0: none */
    unsigned line;     /* 1-based place in the text that was sent (a policy, code); 0: none */
    unsigned column;   /* 1-based, in code points */
    char name[32];     /* "denied", "invalid_policy", … */
    char path[128];    /* "patterns[3].severity", or empty */
    char message[512]; /* "path: what is wrong", for people; UTF-8. Parts of it may come from the peer. */
};

/* ---- answers ---- */

/* An answer is a tree of values. The tree belongs to whoever was given its root, and goes with sallyport_free(root); all
 * else that the accessors return is borrowed from it. Accessors take NULL and miss quietly, so that they can be chained:
 * what is not there is false, 0, the fallback, NULL. */
typedef struct sallyport_value sallyport_value;

enum sallyport_type {
    SALLYPORT_NIL,
    SALLYPORT_BOOL,
    SALLYPORT_INT,
    SALLYPORT_DOUBLE,
    SALLYPORT_TEXT,  /* valid UTF-8 by the service's word */
    SALLYPORT_BYTES, /* not valid UTF-8 */
    SALLYPORT_LIST,
    SALLYPORT_MAP
};

/* Takes the root of an answer, or NULL. */
SALLYPORT_API void sallyport_free(sallyport_value *answer);

/* The value at a path such as "verdict.violations[0].line"; value itself for "" or NULL; NULL where there is none. */
SALLYPORT_API const sallyport_value *sallyport_get(const sallyport_value *value, const char *path);

SALLYPORT_API enum sallyport_type sallyport_type_of(const sallyport_value *value);
SALLYPORT_API bool sallyport_get_bool(const sallyport_value *value, const char *path);
SALLYPORT_API int64_t sallyport_get_int(const sallyport_value *value, const char *path, int64_t fallback);
SALLYPORT_API double sallyport_get_double(const sallyport_value *value, const char *path, double fallback);
/* Text or bytes, with a NUL behind them; NULL for any other type. ret_n_bytes may be NULL. */
SALLYPORT_API const char *sallyport_get_text(const sallyport_value *value, const char *path, size_t *ret_n_bytes);
/* Items of a list, pairs of a map, else 0. */
SALLYPORT_API size_t sallyport_get_count(const sallyport_value *value, const char *path);
/* The item of a list or the value of a map's pair, by number. */
SALLYPORT_API const sallyport_value *sallyport_at(const sallyport_value *value, size_t index);
/* The key of a map's pair, by number. */
SALLYPORT_API const char *sallyport_key_at(const sallyport_value *map, size_t index, size_t *ret_n_bytes);

/* ---- a connection ---- */

typedef struct sallyport sallyport;

enum sallyport_autostart {
    SALLYPORT_AUTOSTART_ALLOWED = 0, /* a private daemon is started where no service is installed and none answers */
    SALLYPORT_AUTOSTART_NEVER = 1
};

struct sallyport_options {
    size_t size;
    const char *socket_path; /* NULL: $SALLYPORT_SOCKET, else the installed service's, else the user's own */
    const char *client;      /* what the program calls itself, for the service's log; may be NULL */
    const char
        *daemon_path; /* the program to start as private daemon; NULL: $SALLYPORT_DAEMON, else the installed one */
    enum sallyport_autostart autostart;
    unsigned timeout_ms; /* for connecting, starting and greeting, and for calls that set none; 0: 60 s */
};

/* Connects, checks who listens, and greets. options may be NULL. SALLYPORT_EUNREACHABLE: nobody answers, or the private
 * daemon does not start. SALLYPORT_EDENIED: whoever listens is neither root, nor the user sallyport, nor ourselves. */
SALLYPORT_API int sallyport_open(
    const struct sallyport_options *options, sallyport **ret_service, struct sallyport_error *error);
/* What is in flight is cancelled; its done functions are called first, with SALLYPORT_ECANCELLED. Takes NULL. Not to be
 * called from within a done or output function. */
SALLYPORT_API void sallyport_close(sallyport *service);

/* What the service said of itself when it was greeted: version, uid, rights, limits, languages, runtimes. Borrowed. */
SALLYPORT_API const sallyport_value *sallyport_greeting(const sallyport *service);
SALLYPORT_API const char *sallyport_socket_path(const sallyport *service);
/* Version of this library. */
SALLYPORT_API const char *sallyport_version(void);

/* ---- what is asked ---- */

/* A policy by reference (an id "sha256:…", a name, "preset:…") or by its YAML text, which wins; neither: the service's
 * default policy. */
struct sallyport_source {
    size_t size;
    const void *code;
    size_t code_bytes;
    const char *language; /* "python", or with a dialect "python:3.11" */
    const char *path;     /* where it is from, for the audit; may be NULL */
};

struct sallyport_scan_options {
    size_t size;
    const void *code;
    size_t code_bytes;
    const char *language;
    const char *path;
    const char *policy;
    const void *policy_yaml;
    size_t policy_yaml_bytes;
    unsigned max_violations; /* 0: the service's default */
    unsigned timeout_ms;     /* 0: the connection's */
};

struct sallyport_batch_options {
    size_t size;
    const struct sallyport_source *sources; /* each with its own size */
    size_t n_sources;
    const char *policy;
    const void *policy_yaml;
    size_t policy_yaml_bytes;
    unsigned max_violations;
    unsigned timeout_ms;
};

struct sallyport_explain_options {
    size_t size;
    const void *code;
    size_t code_bytes;
    const char *language;
    const char *policy;
    const void *policy_yaml;
    size_t policy_yaml_bytes;
    unsigned timeout_ms;
};

struct sallyport_file {
    size_t size;
    const char *path; /* relative, in the sandbox */
    const void *data;
    size_t data_bytes;
    unsigned mode; /* permission bits; 0: the service's default */
};

enum sallyport_stream { SALLYPORT_STDOUT = 1, SALLYPORT_STDERR = 2 };

/* Output of a run, as it comes. Called from within the call or the dispatch that reads it. */
typedef void sallyport_output_fn(void *context, enum sallyport_stream stream, const char *bytes, size_t n_bytes);

struct sallyport_run_options {
    size_t size;
    const void *code;
    size_t code_bytes;
    const char *language;
    const char *policy;
    const void *policy_yaml;
    size_t policy_yaml_bytes;
    const char *runtime;     /* NULL: the first that is available */
    const char *const *argv; /* what the program finds behind its own name */
    size_t n_argv;
    const char *const *env; /* "NAME=value" */
    size_t n_env;
    const void *input; /* standard input */
    size_t input_bytes;
    const struct sallyport_file *files;
    size_t n_files;
    const char *const *libraries;
    size_t n_libraries;
    const char *const *artifacts; /* globs of the files to bring back, below the working directory */
    size_t n_artifacts;
    /* Limits; 0: the service's default. A request can tighten, only the operator can allow more. */
    uint64_t wall_ms, cpu_ms, memory_bytes, cpu_milli /* thousandths of a core */, pids, file_bytes, disk_bytes,
        output_bytes, open_files;
    const char *network;         /* NULL: none */
    sallyport_output_fn *output; /* not NULL: output is streamed to it, and the answer's stdout and stderr are empty */
    void *output_context;
    const char *tag; /* the caller's own name for the run; may be NULL */
    unsigned max_violations;
    unsigned timeout_ms; /* of the call; 0: what the service may take, its queue and wall_ms, and a minute */
};

/* ---- blocking calls ---- */

/* Refused code is an answer with ran: false, not an error. */
SALLYPORT_API int sallyport_run(sallyport *service, const struct sallyport_run_options *options,
    sallyport_value **ret_answer, struct sallyport_error *error);
SALLYPORT_API int sallyport_scan(sallyport *service, const struct sallyport_scan_options *options,
    sallyport_value **ret_verdict, struct sallyport_error *error);
/* A list: per source a verdict or {error}, in order. */
SALLYPORT_API int sallyport_scan_batch(sallyport *service, const struct sallyport_batch_options *options,
    sallyport_value **ret_verdicts, struct sallyport_error *error);
SALLYPORT_API int sallyport_explain(sallyport *service, const struct sallyport_explain_options *options,
    sallyport_value **ret_answer, struct sallyport_error *error);
SALLYPORT_API int sallyport_hello(sallyport *service, sallyport_value **ret_answer, struct sallyport_error *error);
/* Keeps a policy and points a name at it; name NULL: its own, if it has one. The answer holds id, name, warnings. */
SALLYPORT_API int sallyport_policy_put(sallyport *service, const void *yaml, size_t yaml_bytes, const char *name,
    sallyport_value **ret_answer, struct sallyport_error *error);
/* What the service makes of a policy, which is neither kept nor named: id, policy, warnings, and per pattern its grades. */
SALLYPORT_API int sallyport_policy_check(sallyport *service, const void *yaml, size_t yaml_bytes,
    sallyport_value **ret_answer, struct sallyport_error *error);
/* The same for one that it knows. */
SALLYPORT_API int sallyport_policy_get(
    sallyport *service, const char *policy, sallyport_value **ret_answer, struct sallyport_error *error);
SALLYPORT_API int sallyport_policy_list(
    sallyport *service, sallyport_value **ret_answer, struct sallyport_error *error);
SALLYPORT_API int sallyport_policy_remove(
    sallyport *service, const char *policy, sallyport_value **ret_answer, struct sallyport_error *error);
SALLYPORT_API int sallyport_stats(sallyport *service, sallyport_value **ret_answer, struct sallyport_error *error);
SALLYPORT_API int sallyport_reload(sallyport *service, sallyport_value **ret_answer, struct sallyport_error *error);
SALLYPORT_API int sallyport_drain(sallyport *service, sallyport_value **ret_answer, struct sallyport_error *error);

/* Ends the blocking call in progress, from another thread or from a signal handler (it is async-signal-safe): the call
 * asks the service to cancel and comes back with the cancelled run's answer, or with SALLYPORT_ECANCELLED, at most ten
 * seconds later. Without a call in progress the next one is ended. */
SALLYPORT_API void sallyport_interrupt(sallyport *service);

/* ---- pipelined calls ---- */

/* Called exactly once for each submit that returned 0, from within dispatch, wait, a blocking call or close, never before
 * submit returned. Of answer and error exactly one is not NULL; the answer is the callee's, to be freed with
 * sallyport_free. It may submit and cancel, and must not block or close. */
typedef void sallyport_done_fn(void *context, sallyport_value *answer, const struct sallyport_error *error);

/* Nothing is sent before the next dispatch or wait. What the options point at is copied. ret_call may be NULL.
 * SALLYPORT_EBUSY: too much is waiting to be sent or answered; dispatch first. */
SALLYPORT_API int sallyport_submit_run(sallyport *service, const struct sallyport_run_options *options,
    sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_scan(sallyport *service, const struct sallyport_scan_options *options,
    sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_scan_batch(sallyport *service, const struct sallyport_batch_options *options,
    sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_explain(sallyport *service, const struct sallyport_explain_options *options,
    sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_hello(
    sallyport *service, sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_policy_put(sallyport *service, const void *yaml, size_t yaml_bytes, const char *name,
    sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_policy_check(sallyport *service, const void *yaml, size_t yaml_bytes,
    sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_policy_get(sallyport *service, const char *policy, sallyport_done_fn *done,
    void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_policy_list(
    sallyport *service, sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_policy_remove(sallyport *service, const char *policy, sallyport_done_fn *done,
    void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_stats(
    sallyport *service, sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_reload(
    sallyport *service, sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *error);
SALLYPORT_API int sallyport_submit_drain(
    sallyport *service, sallyport_done_fn *done, void *context, uint32_t *ret_call, struct sallyport_error *error);

/* Asks the service to cancel; done still comes, with the answer or SALLYPORT_ECANCELLED. */
SALLYPORT_API int sallyport_cancel(sallyport *service, uint32_t call, struct sallyport_error *error);

/* For an event loop: poll fd for these events, and dispatch when one comes or the time is up. */
enum sallyport_events { SALLYPORT_READ = 1, SALLYPORT_WRITE = 2 };
SALLYPORT_API int sallyport_fd(const sallyport *service);
SALLYPORT_API int sallyport_events(const sallyport *service);
/* Milliseconds until a call times out, for poll: -1 none, 0 now. */
SALLYPORT_API int sallyport_timeout_ms(const sallyport *service);
/* Calls that are not done. */
SALLYPORT_API size_t sallyport_pending(const sallyport *service);
/* Sends and reads what it can without blocking, and calls the done functions of what is answered or out of time. On
 * failure the connection is gone: every pending call is done with the same error, and so is every later one. */
SALLYPORT_API int sallyport_dispatch(sallyport *service, struct sallyport_error *error);
/* Dispatches until at least one call is done, or none is pending, or the time is up (timeout_ms -1: no time of its own;
 * the calls have theirs), which is no error. */
SALLYPORT_API int sallyport_wait(sallyport *service, int timeout_ms, struct sallyport_error *error);

#ifdef __cplusplus
}
#endif

#endif
