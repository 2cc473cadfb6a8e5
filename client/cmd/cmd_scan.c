/* `sallyport scan`: files, folders, standard input. One thread: it reads, sends and prints in the order of its input. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/cmd/cmd.h"
#include "client/cmd/cmd_input.h"
#include "client/cmd/out_json.h"
#include "client/cmd/scan_queue.h"
#include "client/cmd/walk.h"
#include "proto/language.h"

#define SNIFF_BYTES   8192
#define IN_FLIGHT_MAX 64

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_NDJSON };

struct options {
    struct sp_common common;
    const char *policy, *language;
    uint64_t in_flight;
    int format;
    bool json;
};

static const char *const format_names[] = {"text", "json", "ndjson", NULL};

static const struct sp_option rows[] = {
    {'p', "policy", SP_OPTION_TEXT, offsetof(struct options, policy), "POLICY",
        "a file, a name or an id; else the service's default"},
    {'l', "language", SP_OPTION_TEXT, offsetof(struct options, language), "LANG", "else by suffix or shebang"},
    {0, "format", SP_OPTION_CHOICE, offsetof(struct options, format), "FORMAT", "text, json or ndjson", format_names},
    {0, "json", SP_OPTION_FLAG, offsetof(struct options, json), NULL, "the same as --format json"},
    {'j', "jobs", SP_OPTION_COUNT, offsetof(struct options, in_flight), "N", "batches in flight; else two a core", NULL,
        1, IN_FLIGHT_MAX},
};

struct scanning {
    const struct sp_invocation *invocation;
    const struct options *options;
    int format;
    const char *policy_file; /* NULL: the policy is a reference */
    struct sp_scan_queue *queue;
    bool colours;
    int language;   /* of options->language, without its dialect */
    bool printed;   /* a list item stands before the next */
    bool truncated; /* a verdict did not tell all its findings: n_blocking is the least there are */
    uint64_t n_scanned, n_unsafe, n_findings, n_blocking, n_skipped, n_failed;
};

/* ---- telling ---- */

/* In a folder, what the policy does not serve or no lexer reads is passed over. */
static bool is_foreign(const struct sp_scan_source *source, const struct sallyport_error *error)
{
    return source->in_tree &&
           (error->code == SALLYPORT_EUNSUPPORTED_LANGUAGE || error->code == SALLYPORT_ENOT_APPLICABLE);
}

static void tell_text(struct scanning *scanning, const struct sp_scan_source *source, const sallyport_value *verdict,
    const struct sallyport_error *error)
{
    struct sp_str path = sp_str_of(source->path);
    if (!verdict) {
        char text[sizeof error->name + sizeof error->message + 2];
        snprintf(text, sizeof text, "%s: %s", error->name, error->message);
        fflush(stdout);
        sp_out_text_error(stderr, scanning->colours, path, error->line, error->column, text);
        return;
    }
    struct sp_str code = {source->code.bytes ? (const char *)source->code.bytes : "", source->code.n_bytes};
    sp_out_text_verdict(stdout, scanning->colours, path, code, verdict);
}

static void tell_json(struct scanning *scanning, const struct sp_scan_source *source, const sallyport_value *verdict,
    const struct sallyport_error *error)
{
    if (scanning->format == FORMAT_JSON && scanning->printed)
        fputs(",\n", stdout);
    scanning->printed = true;
    putchar('{');
    sp_out_json_text(stdout, "path", sp_str_of(source->path));
    if (verdict) {
        sp_out_json_pairs(stdout, verdict, true);
    } else {
        fputs(",\"error\":{", stdout);
        sp_out_json_text(stdout, "name", sp_str_of(error->name));
        putchar(',');
        sp_out_json_text(stdout, "message", sp_str_of(error->message));
        putchar('}');
    }
    putchar('}');
    if (scanning->format == FORMAT_NDJSON)
        putchar('\n');
}

static void told(void *context, const struct sp_scan_source *source, const sallyport_value *verdict,
    const struct sallyport_error *error)
{
    struct scanning *scanning = context;
    if (error && is_foreign(source, error)) {
        scanning->n_skipped++;
        return;
    }
    if (error) {
        scanning->n_failed++;
    } else {
        const sallyport_value *findings = sallyport_get(verdict, "violations");
        scanning->n_scanned++;
        scanning->n_unsafe += !sallyport_get_bool(verdict, "safe");
        scanning->truncated |= sallyport_get_bool(verdict, "truncated");
        for (size_t i = 0; i < sallyport_get_count(findings, NULL); i++)
            scanning->n_blocking += sallyport_get_bool(sallyport_at(findings, i), "blocking");
        const sallyport_value *counts = sallyport_get(verdict, "counts");
        for (size_t i = 0; i < sallyport_get_count(counts, NULL); i++)
            scanning->n_findings += (uint64_t)sallyport_get_int(sallyport_at(counts, i), NULL, 0);
    }
    if (scanning->format == FORMAT_TEXT)
        tell_text(scanning, source, verdict, error);
    else
        tell_json(scanning, source, verdict, error);
}

/* ---- reading ---- */

static void set_unread(struct sp_scan_source *source, const char *name, int code, const char *text)
{
    source->error.code = code;
    snprintf(source->error.name, sizeof source->error.name, "%s", name);
    snprintf(source->error.message, sizeof source->error.message, "%s", text);
}

/* A file in a folder, by its beginning: its language, or NULL where it is not for us. With -l those of that language;
 * text is whatever is not binary. A file that cannot be read is not known to be none of ours. */
static int find_language(
    const struct scanning *scanning, const char *path, int fd, const char **ret_language, struct sp_error *error)
{
    char head[SNIFF_BYTES];
    const char *given = scanning->options->language;
    bool by_content = given && scanning->language == SP_LANGUAGE_TEXT, fits;
    int language = sp_language_of_path(sp_str_of(path));
    struct sp_str data = {head, 0};
    if (language == SP_LANGUAGE_NONE || by_content) {
        ssize_t n = pread(fd, head, sizeof head, 0);
        if (n < 0)
            return sp_error_set(error, SP_EINVALID_REQUEST, "%s", strerror(errno));
        data.n_bytes = (size_t)n;
        language = sp_language_of_shebang(data);
    }
    if (by_content)
        fits = !memchr(head, '\0', data.n_bytes);
    else
        fits = given ? language == scanning->language : language != SP_LANGUAGE_NONE;
    *ret_language = !fits ? NULL : given ? given : sp_language_name(language);
    return 0;
}

static int put(struct scanning *scanning, struct sp_scan_source *source, struct sallyport_error *error)
{
    if (!source->path)
        return sp_cmd_fail(scanning->invocation, SP_EXIT_TROUBLE, "out of memory");
    return sp_scan_queue_put(scanning->queue, source, error) < 0
               ? sp_cmd_fail_error(scanning->invocation, SP_EXIT_TROUBLE, scanning->policy_file, error)
               : 0;
}

static int scan_one(struct scanning *scanning, const char *path, struct sallyport_error *error)
{
    struct sp_scan_source source = {.path = strdup(path)};
    struct sp_error own = {0};
    int r = sp_input_read(path, &source.code, NULL, &own);
    if (r < 0) {
        set_unread(&source, r == SP_ETOO_LARGE ? "too_large" : "unreadable", r, own.text);
    } else {
        source.language = sp_input_language(scanning->options->language, sp_str_of(path),
            (struct sp_str){(const char *)source.code.bytes, source.code.n_bytes});
        if (!source.language)
            set_unread(&source, sp_error_name(SP_EUNSUPPORTED_LANGUAGE), SP_EUNSUPPORTED_LANGUAGE,
                "its language is not known; say it with -l");
    }
    return put(scanning, &source, error);
}

static int put_unread(
    struct scanning *scanning, const char *path, const struct sp_error *own, struct sallyport_error *error)
{
    struct sp_scan_source source = {.path = strdup(path)};
    set_unread(&source, "unreadable", own->code, own->text);
    return put(scanning, &source, error);
}

static int scan_in_tree(struct scanning *scanning, const char *path, int fd, struct sallyport_error *error)
{
    const char *language = NULL;
    struct sp_error own = {0};
    if (find_language(scanning, path, fd, &language, &own) < 0)
        return put_unread(scanning, path, &own, error);
    if (!language) {
        scanning->n_skipped++;
        return 0;
    }
    struct sp_scan_source source = {.path = strdup(path), .language = language, .in_tree = true};
    sp_buffer_init(&source.code, SP_INPUT_BYTES_MAX);
    int r = sp_input_read_fd(fd, &source.code, &own);
    if (r < 0)
        set_unread(&source, r == SP_ETOO_LARGE ? "too_large" : "unreadable", r, own.text);
    return put(scanning, &source, error);
}

SP_CLEANUP_DEFINE(struct sp_walk *, sp_walk_close)

static int scan_folder(struct scanning *scanning, const char *folder, struct sallyport_error *error)
{
    sp_cleanup(sp_walk_close_scope) struct sp_walk *walk = NULL;
    struct sp_error own = {0};
    if (sp_walk_open(folder, &walk, &own) < 0)
        return put_unread(scanning, folder, &own, error);
    for (;;) {
        const char *path;
        sp_cleanup(sp_close_fd) int fd = -1;
        own = (struct sp_error){0};
        int r = sp_walk_next(walk, &path, &fd, &own);
        if (r == 0)
            break;
        int status = r > 0 ? scan_in_tree(scanning, path, fd, error) : put_unread(scanning, path, &own, error);
        if (status)
            return status;
    }
    scanning->n_skipped += sp_walk_skipped(walk);
    return 0;
}

static int scan_all(struct scanning *scanning, struct sallyport_error *error)
{
    const struct sp_operands *operands = scanning->invocation->operands;
    for (size_t i = 0; i < operands->n_items + operands->n_rest; i++) {
        const char *path = i < operands->n_items ? operands->items[i] : operands->rest[i - operands->n_items];
        struct stat info;
        bool is_folder = strcmp(path, "-") != 0 && stat(path, &info) == 0 && S_ISDIR(info.st_mode);
        int status = is_folder ? scan_folder(scanning, path, error) : scan_one(scanning, path, error);
        if (status)
            return status;
    }
    return sp_scan_queue_finish(scanning->queue, error) < 0
               ? sp_cmd_fail_error(scanning->invocation, SP_EXIT_TROUBLE, scanning->policy_file, error)
               : 0;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void summarise(const struct scanning *scanning)
{
    fflush(stdout);
    fprintf(stderr, "%llu file%s scanned: %llu finding%s", (unsigned long long)scanning->n_scanned,
        plural(scanning->n_scanned), (unsigned long long)scanning->n_findings, plural(scanning->n_findings));
    if (scanning->n_findings && !scanning->n_unsafe)
        fputs(", none of them blocks", stderr);
    else if (scanning->n_findings)
        fprintf(stderr, ", %s%llu of them block%s %llu file%s", scanning->truncated ? "at least " : "",
            (unsigned long long)scanning->n_blocking, scanning->n_blocking == 1 ? "s" : "",
            (unsigned long long)scanning->n_unsafe, plural(scanning->n_unsafe));
    if (scanning->n_skipped)
        fprintf(stderr, "; %llu skipped", (unsigned long long)scanning->n_skipped);
    if (scanning->n_failed)
        fprintf(stderr, "; %llu could not be scanned", (unsigned long long)scanning->n_failed);
    fputc('\n', stderr);
}

static size_t batches_in_flight(const struct options *options)
{
    long n_cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (options->in_flight)
        return options->in_flight;
    return n_cores < 1 ? 2 : n_cores > IN_FLIGHT_MAX / 2 ? IN_FLIGHT_MAX : (size_t)n_cores * 2;
}

SP_CLEANUP_DEFINE(struct sp_scan_queue *, sp_scan_queue_free)

static int run(const struct sp_invocation *invocation)
{
    const struct options *options = invocation->options;
    struct scanning scanning = {.invocation = invocation, .options = options, .language = SP_LANGUAGE_NONE};
    if (invocation->operands->n_items + invocation->operands->n_rest == 0)
        return sp_cmd_misused(invocation, "a PATH is needed, or - for standard input");
    if (options->json && options->format == FORMAT_NDJSON)
        return sp_cmd_misused(invocation, "--json and --format ndjson exclude each other");
    scanning.format = options->json ? FORMAT_JSON : options->format;
    if (options->language) {
        scanning.language = sp_language_find(sp_str_of(options->language), NULL);
        if (scanning.language == SP_LANGUAGE_NONE)
            return sp_cmd_misused(invocation, "there is no language \"%s\"", options->language);
    }
    sp_cleanup(sp_input_policy_free) struct sp_input_policy policy = {0};
    /* The queue's batches must outlive the calls in flight that point at them: the service goes first. */
    sp_cleanup(sp_scan_queue_free_scope) struct sp_scan_queue *queue = NULL;
    sp_cleanup(sallyport_close_scope) sallyport *service = NULL;
    struct sallyport_error error;
    struct sp_error own = {0};
    if (sp_input_policy_read(options->policy, &policy, &own) < 0)
        return sp_cmd_fail(invocation, SP_EXIT_TROUBLE, "%s: %s", options->policy, own.text);
    if (sp_cmd_open(invocation, &service, &error) < 0)
        return sp_cmd_fail_error(invocation, SP_EXIT_TROUBLE, NULL, &error);
    struct sp_scan_queue_config config = {
        .service = service,
        .policy = policy.reference,
        .policy_yaml = policy.yaml.bytes,
        .policy_yaml_bytes = policy.yaml.n_bytes,
        .n_batches = batches_in_flight(options),
        .told = told,
        .context = &scanning,
    };
    if (sp_scan_queue_new(&config, &queue) < 0)
        return sp_cmd_fail(invocation, SP_EXIT_TROUBLE, "out of memory");
    scanning.queue = queue;
    scanning.policy_file = policy.file;
    scanning.colours = sp_out_text_colours(stdout, (enum sp_colour_choice)options->common.colour);
    if (scanning.format == FORMAT_JSON)
        fputs("[", stdout);
    int status = scan_all(&scanning, &error);
    if (scanning.format == FORMAT_JSON)
        fputs("]\n", stdout);
    if (status)
        return status;
    if (scanning.format == FORMAT_TEXT)
        summarise(&scanning);
    /* A pipeline would take it for clean. */
    if (scanning.n_scanned + scanning.n_failed == 0)
        return sp_cmd_fail(invocation, SP_EXIT_TROUBLE, "nothing was judged: %llu file%s skipped",
            (unsigned long long)scanning.n_skipped, scanning.n_skipped == 1 ? " was" : "s were");
    status = scanning.n_failed ? SP_EXIT_TROUBLE : scanning.n_unsafe ? SP_EXIT_BLOCKED : 0;
    return sp_cmd_finish(invocation, status, SP_EXIT_TROUBLE);
}

const struct sp_command sp_cmd_scan = {
    .name = "scan",
    .synopsis = "[-p POLICY] [-l LANG] [--format text|json|ndjson|--json] [-j N] PATH...|-",
    .summary = "Judge files, folders, standard input",
    .options = {rows, SP_COUNT(rows)},
    .size_bytes = sizeof(struct options),
    .trouble = SP_EXIT_TROUBLE,
    .run = run,
};
