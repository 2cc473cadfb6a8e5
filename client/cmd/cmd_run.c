/* `sallyport run`: a program judged and run, its output as it comes, its exit status as ours. One thread; a signal handler
 * cancels. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "client/cmd/cmd.h"
#include "client/cmd/out_dir.h"
#include "client/cmd/out_escape.h"
#include "client/cmd/out_json.h"
#include "client/cmd/run_input.h"
#include "proto/limits.h"

struct options {
    struct sp_common common;
    const char *policy, *language, *runtime, *out;
    struct sp_texts files, env, libraries, artifacts;
    struct sp_limits limits; /* 0: not asked for */
    bool json, raw, no_input;
};

#define AT(member) offsetof(struct options, member)
static const struct sp_option rows[] = {
    {'p', "policy", SP_OPTION_TEXT, AT(policy), "POLICY", "a file, a name or an id; else the service's default"},
    {'l', "language", SP_OPTION_TEXT, AT(language), "LANG", "else by suffix or shebang"},
    {'r', "runtime", SP_OPTION_TEXT, AT(runtime), "RUNTIME", "else the first that is available"},
    {0, "timeout", SP_OPTION_DURATION, AT(limits.wall_ms), "TIME", "wall-clock time: 30s, 500ms"},
    {0, "cpu-time", SP_OPTION_DURATION, AT(limits.cpu_ms), "TIME", "CPU time of all its processes"},
    {0, "memory", SP_OPTION_SIZE, AT(limits.memory_bytes), "SIZE", "memory: 256M"},
    {0, "cpus", SP_OPTION_MILLI, AT(limits.cpu_milli), "N", "cores: 1, 0.5"},
    {0, "pids", SP_OPTION_COUNT, AT(limits.pids), "N", "processes and threads", NULL, 1, 1u << 20},
    {0, "file-size", SP_OPTION_SIZE, AT(limits.file_bytes), "SIZE", "size of one file"},
    {0, "disk", SP_OPTION_SIZE, AT(limits.disk_bytes), "SIZE", "size of its working directory"},
    {0, "output-limit", SP_OPTION_SIZE, AT(limits.output_bytes), "SIZE", "what it may print"},
    {0, "open-files", SP_OPTION_COUNT, AT(limits.open_files), "N", "descriptors a process", NULL, 8, 1u << 20},
    {0, "lib", SP_OPTION_TEXTS, AT(libraries), "NAME", "a library it needs (no service installs any yet)"},
    {0, "file", SP_OPTION_TEXTS, AT(files), "SRC[:DST]", "a file or folder it finds there; may be repeated"},
    {'e', "env", SP_OPTION_TEXTS, AT(env), "NAME=VALUE", "an environment variable; may be repeated"},
    {0, "out", SP_OPTION_TEXT, AT(out), "DIR", "write the files it leaves below DIR"},
    {0, "artifact", SP_OPTION_TEXTS, AT(artifacts), "GLOB", "which files to bring back; may be repeated"},
    {'n', "no-stdin", SP_OPTION_FLAG, AT(no_input), NULL, "give it no standard input"},
    {0, "json", SP_OPTION_FLAG, AT(json), NULL, "print the result as JSON"},
    {0, "raw", SP_OPTION_FLAG, AT(raw), NULL, "let control characters through to a terminal"},
};
#undef AT

/* ---- signals ---- */

static sallyport *volatile running; /* what a signal interrupts */
static volatile sig_atomic_t n_signals;

static void on_signal(int number)
{
    (void)number;
    sallyport *service = running;
    if (!service || n_signals++ > 0)
        _exit(SP_EXIT_CANCELLED);
    sallyport_interrupt(service);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < SP_COUNT(numbers); i++) {
        struct sigaction old;
        /* What was ignored when we were started (nohup) stays so. */
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

/* ---- output ---- */

struct output {
    bool escapes[3]; /* by stream */
    int failed;      /* errno of the first write that failed */
};

static void on_output(void *context, enum sallyport_stream stream, const char *bytes, size_t n_bytes)
{
    struct output *output = context;
    FILE *file = stream == SALLYPORT_STDERR ? stderr : stdout;
    if (output->failed)
        return;
    errno = 0;
    if (output->escapes[stream])
        sp_escape_print_stream(file, bytes, n_bytes);
    else
        fwrite(bytes, 1, n_bytes, file);
    if (fflush(file) != 0 || ferror(file)) {
        output->failed = errno ? errno : EIO;
        sallyport_interrupt(running);
    }
}

/* ---- what came of it ---- */

struct outcome {
    const char *name;
    int status; /* -1: told by the answer */
    const char *text;
    const char *limit, *option; /* what was reached, and what sets it; NULL: none */
};

static const struct outcome outcomes[] = {
    {"exited", -1, NULL},
    {"signaled", -1, NULL},
    {"timed_out", SP_EXIT_TIMED_OUT, "the program was stopped at its deadline", "wall_ms", "--timeout"},
    {"oom_killed", SP_EXIT_KILLED, "the program ran out of memory", "memory_bytes", "--memory"},
    {"output_limit", SP_EXIT_KILLED, "the program printed more than it may", "output_bytes", "--output-limit"},
    {"cancelled", SP_EXIT_CANCELLED, "the run was cancelled"},
    {"lost", SP_EXIT_SERVICE, "the sandbox was lost"},
};

/* The limit that the run had: what was asked for, else the service's standard; 0 where neither tells. */
static uint64_t limit_of(const struct options *options, const sallyport_value *greeting, const char *name)
{
    char path[64];
#define X(field, wire_name, standard, ceiling, unit, holder)                                                           \
    if (strcmp(name, wire_name) == 0 && options->limits.field)                                                         \
        return options->limits.field;
    SP_RUN_LIMITS(X)
#undef X
    snprintf(path, sizeof path, "limits.run.%s", name);
    int64_t value = sallyport_get_int(greeting, path, 0);
    return value > 0 ? (uint64_t)value : 0;
}

static void tell_limit(const struct sp_invocation *invocation, const struct outcome *outcome,
    const sallyport_value *greeting, const sallyport_value *answer)
{
    char what[96] = "";
    uint64_t value = outcome->limit ? limit_of(invocation->options, greeting, outcome->limit) : 0;
    if (value && strcmp(outcome->limit, "wall_ms") == 0)
        snprintf(what, sizeof what, "; its limit is %g s (%s)", (double)value / 1000, outcome->option);
    else if (value && value % 1024 == 0)
        snprintf(what, sizeof what, "; its limit is %llu KiB (%s)", (unsigned long long)value >> 10, outcome->option);
    else if (value)
        snprintf(what, sizeof what, "; its limit is %llu bytes (%s)", (unsigned long long)value, outcome->option);
    sp_cmd_fail(invocation, 0, "%s after %.3g s%s", outcome->text,
        sallyport_get_double(answer, "usage.wall_ms", 0) / 1000, what);
}

static int tell_signal(const struct sp_invocation *invocation, int number)
{
    const char *name = sigdescr_np(number);
    if (number == SIGXCPU)
        return sp_cmd_fail(invocation, SP_EXIT_SIGNAL + number, "the program used up its CPU time (--cpu-time)");
    return sp_cmd_fail(invocation, SP_EXIT_SIGNAL + number, "the program was killed by signal %d%s%s", number,
        name ? ": " : "", name ? name : "");
}

static int tell_outcome(
    const struct sp_invocation *invocation, const sallyport_value *greeting, const sallyport_value *answer)
{
    const char *name = sallyport_get_text(answer, "outcome", NULL);
    const struct outcome *outcome = NULL;
    for (size_t i = 0; name && i < SP_COUNT(outcomes); i++)
        if (strcmp(outcomes[i].name, name) == 0)
            outcome = &outcomes[i];
    if (!outcome)
        return sp_cmd_fail(invocation, SP_EXIT_SERVICE, "the service told no outcome that is known");
    if (outcome == &outcomes[0])
        return (int)(sallyport_get_int(answer, "exit_code", SP_EXIT_SERVICE) & 0xFF);
    if (outcome == &outcomes[1])
        return tell_signal(invocation, (int)(sallyport_get_int(answer, "signal", 0) & 0x7F));
    tell_limit(invocation, outcome, greeting, answer);
    return outcome->status;
}

/* The verdict on the code holds those on the files beside it. */
static void tell_refusal(
    const struct sp_invocation *invocation, const struct sp_run_input *input, const sallyport_value *answer)
{
    bool colours = sp_out_text_colours(stderr, (enum sp_colour_choice)invocation->common->colour);
    const sallyport_value *verdict = sallyport_get(answer, "verdict"), *files = sallyport_get(verdict, "files");
    struct sp_str code = {(const char *)input->code.bytes, input->code.n_bytes};
    sp_out_text_verdict(stderr, colours, sp_str_of(invocation->operands->items[0]), code, verdict);
    for (size_t i = 0; i < sallyport_get_count(files, NULL); i++) {
        const sallyport_value *file = sallyport_at(files, i);
        const char *name = sallyport_get_text(file, "path", NULL);
        if (name)
            sp_out_text_verdict(stderr, colours, sp_str_of(name), sp_run_input_find(input, name), file);
    }
    sp_cmd_fail(invocation, 0, "refused by the policy; it did not run");
}

static int write_artifacts(
    const struct sp_invocation *invocation, struct sp_out_dir *dir, const sallyport_value *answer, int status)
{
    const sallyport_value *artifacts = sallyport_get(answer, "artifacts");
    for (size_t i = 0; i < sallyport_get_count(artifacts, NULL); i++) {
        const sallyport_value *artifact = sallyport_at(artifacts, i);
        struct sp_str path = sp_out_text_of(artifact, "path"), data = sp_out_text_of(artifact, "data");
        struct sp_error error = {0};
        if (!path.ptr || !data.ptr)
            sp_error_set(&error, SP_EPROTOCOL, "a file came without a name or without its bytes");
        else
            sp_out_dir_write(dir, path, data, (unsigned)sallyport_get_int(artifact, "mode", 0), &error);
        if (error.code)
            status = sp_cmd_fail(invocation, SP_EXIT_SERVICE, "--out: %s", error.text);
    }
    if (sallyport_get_bool(answer, "artifacts_truncated"))
        sp_cmd_fail(invocation, 0,
            "not all files were brought back: at most %d come, of %llu MiB together; choose them with --artifact",
            SP_ARTIFACTS_MAX, SP_ARTIFACTS_BYTES_MAX >> 20);
    return status;
}

static int conclude(const struct sp_invocation *invocation, const struct sp_run_input *input, struct sp_out_dir *dir,
    const struct output *output, const sallyport_value *greeting, const sallyport_value *answer)
{
    const struct options *options = invocation->options;
    int status;
    if (options->json) {
        sp_out_json_value(stdout, answer, 0);
        putchar('\n');
    }
    if (sallyport_type_of(sallyport_get(answer, "ran")) != SALLYPORT_BOOL)
        return sp_cmd_fail(invocation, SP_EXIT_SERVICE, "the service did not say whether the program ran");
    if (!sallyport_get_bool(answer, "ran")) {
        if (!options->json)
            tell_refusal(invocation, input, answer);
        return sp_cmd_finish(invocation, SP_EXIT_REFUSED, SP_EXIT_SERVICE);
    }
    status = tell_outcome(invocation, greeting, answer);
    if (dir->fd >= 0)
        status = write_artifacts(invocation, dir, answer, status);
    if (output->failed)
        return sp_cmd_fail(invocation, SP_EXIT_SERVICE, "output: %s", strerror(output->failed));
    return sp_cmd_finish(invocation, status, SP_EXIT_SERVICE);
}

static struct sallyport_run_options ask_for(const struct sp_invocation *invocation, const struct sp_run_input *input,
    const char *language, struct output *output)
{
    static const char *const everything[] = {"**"};
    const struct options *options = invocation->options;
    bool all = options->out && !options->artifacts.n_items;
    return (struct sallyport_run_options){
        .size = sizeof(struct sallyport_run_options),
        .code = input->code.bytes ? (const void *)input->code.bytes : "",
        .code_bytes = input->code.n_bytes,
        .language = language,
        .policy = input->policy.reference,
        .policy_yaml = input->policy.yaml.bytes,
        .policy_yaml_bytes = input->policy.yaml.n_bytes,
        .runtime = options->runtime,
        .argv = invocation->operands->rest,
        .n_argv = invocation->operands->n_rest,
        .env = options->env.items,
        .n_env = options->env.n_items,
        .input = input->standard.bytes,
        .input_bytes = input->standard.n_bytes,
        .files = input->files,
        .n_files = input->n_files,
        .libraries = options->libraries.items,
        .n_libraries = options->libraries.n_items,
        .artifacts = all ? everything : options->artifacts.items,
        .n_artifacts = all ? 1 : options->artifacts.n_items,
#define X(field, name, standard, ceiling, unit, holder) .field = options->limits.field,
        SP_RUN_LIMITS(X)
#undef X
            .output = options->json ? NULL : on_output,
        .output_context = output,
    };
}

static int run(const struct sp_invocation *invocation)
{
    const struct options *options = invocation->options;
    if (invocation->operands->n_items != 1)
        return sp_cmd_misused(invocation, "%s",
            invocation->operands->n_items ? "one FILE only; put -- before the program's arguments"
                                          : "a FILE is needed, or - for standard input");
    const char *path = invocation->operands->items[0];
    sp_cleanup(sp_run_input_free_scope) struct sp_run_input *input = NULL;
    sp_cleanup(sp_out_dir_close) struct sp_out_dir dir = {.fd = -1};
    sp_cleanup(sallyport_close_scope) sallyport *service = NULL;
    sp_cleanup(sallyport_free_scope) sallyport_value *answer = NULL;
    struct sp_error own = {0};
    struct sallyport_error error;
    if (options->artifacts.n_items && !options->out && !options->json)
        return sp_cmd_misused(invocation, "--artifact needs --out or --json");
    catch_signals();
    if (sp_run_input_new(path, options->policy, &options->files, !options->no_input, &input, &own) < 0)
        return sp_cmd_fail(invocation, SP_EXIT_SERVICE, "%s", own.text);
    const char *language = sp_input_language(
        options->language, sp_str_of(path), (struct sp_str){(const char *)input->code.bytes, input->code.n_bytes});
    if (!language)
        return sp_cmd_fail(invocation, SP_EXIT_SERVICE, "%s: its language is not known; say it with -l", path);
    if (options->out && sp_out_dir_open(&dir, options->out, &own) < 0)
        return sp_cmd_fail(invocation, SP_EXIT_SERVICE, "--out: %s", own.text);

    struct output output = {.escapes = {[SALLYPORT_STDOUT] = !options->raw && isatty(STDOUT_FILENO),
                                [SALLYPORT_STDERR] = !options->raw && isatty(STDERR_FILENO)}};
    struct sallyport_run_options ask = ask_for(invocation, input, language, &output);
    int r = sp_cmd_open(invocation, &service, &error);
    if (r < 0)
        return sp_cmd_fail_error(invocation, SP_EXIT_SERVICE, NULL, &error);
    running = service;
    r = sallyport_run(service, &ask, &answer, &error);
    running = NULL;
    if (r == SALLYPORT_ECANCELLED)
        return sp_cmd_fail(invocation, SP_EXIT_CANCELLED, "the run was cancelled");
    if (r < 0)
        return sp_cmd_fail_error(invocation, SP_EXIT_SERVICE, input->policy.file, &error);
    return conclude(invocation, input, &dir, &output, sallyport_greeting(service), answer);
}

const struct sp_command sp_cmd_run = {
    .name = "run",
    .synopsis = "[OPTION]... FILE|- [-- ARGS...]",
    .summary = "Judge a program and run it in a sandbox",
    .options = {rows, SP_COUNT(rows)},
    .size_bytes = sizeof(struct options),
    .trouble = SP_EXIT_SERVICE,
    .run = run,
};
