/* What the whole scanner says of files under a policy, and how much of the processor's time it takes. Reads paths, one a
 * line, from standard input; prints one JSON object a line. A folder is a program: its files run together, main.py is what
 * is started. Usage: scan_tool POLICY LANGUAGE [FINDINGS]
 * FINDINGS: how many are told, 0 for as many as in a request that does not say; all without it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/buffer.h"
#include "proto/scope.h"
#include "proto/yaml.h"
#include "scanner/scanner.h"

#define FILE_BYTES ((size_t)1 << 26)
#define FILES_MAX  2000
#define LIST_BYTES ((size_t)1 << 30)

struct tool {
    struct sp_scanner *scanner;
    struct sp_policy *policy;
    char *bytes; /* FILE_BYTES of room */
    const char *language;
    size_t violations_max;
    struct sp_program_file files[FILES_MAX];
    size_t n_files;
};

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int read_file(const char *path, char *bytes, size_t room_bytes, size_t *ret_n_bytes)
{
    sp_cleanup(sp_close_file) FILE *file = fopen(path, "rb");
    if (!file)
        return SP_EINVALID_REQUEST;
    *ret_n_bytes = fread(bytes, 1, room_bytes, file);
    return 0;
}

static int read_policy(struct tool *tool, const char *path, struct sp_error *error)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_buffer_init(&buffer, 8 << 20);
    struct sp_str text = {.ptr = tool->bytes};
    int r = read_file(path, tool->bytes, FILE_BYTES, &text.n_bytes);
    if (r == 0)
        r = sp_yaml_pack(text, sp_yaml_policy_strings, SP_EINVALID_POLICY, &buffer, error);
    if (r < 0)
        return r;
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    struct sp_policy_model *model = NULL;
    if (msgpack_unpack_next(&unpacked, (const char *)buffer.bytes, buffer.n_bytes, NULL) != MSGPACK_UNPACK_SUCCESS)
        r = SP_EINTERNAL;
    if (r == 0)
        r = sp_policy_model_new(&unpacked.data, &model, error);
    msgpack_unpacked_destroy(&unpacked);
    if (r < 0)
        return r;
    r = sp_policy_compile(model, &tool->policy, error);
    if (r < 0)
        sp_policy_model_free(model);
    return r;
}

/* ---- what is scanned ---- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_python(const struct dirent *entry)
{
    return sp_str_ends(sp_str_of(entry->d_name), SP_STR(".py"));
}

/* The files of a folder, all in the tool's room; names are the caller's to free. */
static int read_folder(struct tool *tool, const char *path, char *names[FILES_MAX])
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_python, by_name);
    size_t used_bytes = 0;
    int r = n < 0 ? SP_EINVALID_REQUEST : 0;
    for (int i = 0; i < n; i++) {
        char whole[4096];
        int n_whole = snprintf(whole, sizeof(whole), "%s/%s", path, entries[i]->d_name);
        if (n_whole < 0 || (size_t)n_whole >= sizeof(whole))
            r = SP_EINVALID_REQUEST;
        if (r == 0 && tool->n_files < FILES_MAX) {
            struct sp_program_file *file = &tool->files[tool->n_files];
            *file = (struct sp_program_file){
                .code = {.ptr = tool->bytes + used_bytes}, .language = sp_str_of(tool->language)};
            r = read_file(whole, tool->bytes + used_bytes, FILE_BYTES - used_bytes, &file->code.n_bytes);
            names[tool->n_files] = strdup(entries[i]->d_name);
            if (strcmp(entries[i]->d_name, "main.py") != 0)
                file->path = sp_str_of(names[tool->n_files]);
            used_bytes += file->code.n_bytes;
            tool->n_files++;
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    return r;
}

static int read_files(struct tool *tool, const char *path, char *names[FILES_MAX])
{
    tool->n_files = 0;
    DIR *folder = opendir(path);
    if (folder) {
        closedir(folder);
        return read_folder(tool, path, names);
    }
    tool->files[0] = (struct sp_program_file){.code = {.ptr = tool->bytes}, .language = sp_str_of(tool->language)};
    tool->n_files = 1;
    return read_file(path, tool->bytes, FILE_BYTES, &tool->files[0].code.n_bytes);
}

/* ---- what is told ---- */

/* What is told of the findings of one kind, of all files. */
struct list {
    struct sp_buffer text;
    enum sp_finding_kind kind;
};

static void list_add(struct list *list, const struct sp_verdict *verdict)
{
    for (size_t i = 0; i < verdict->n_findings; i++) {
        const struct sp_finding *one = &verdict->findings[i];
        char text[1024];
        int n = 0;
        if (one->kind != list->kind)
            continue;
        if (one->kind == SP_FINDING_LIMIT)
            n = snprintf(text, sizeof(text), "{\"line\":%u,\"what\":\"%s\"}", one->line, one->description);
        else
            n = snprintf(text, sizeof(text), "{\"rule\":\"%s\",\"via\":\"%s\",\"offset\":%zu,\"length\":%zu}",
                one->rule, sp_via_name(one->via), one->offset, one->length);
        if (n < 0 || (size_t)n >= sizeof(text) || (list->text.n_bytes && sp_buffer_append(&list->text, ",", 1) < 0) ||
            sp_buffer_append(&list->text, text, (size_t)n) < 0)
            abort();
    }
}

static void list_print(struct list *list, const char *name)
{
    printf("\"%s\":[%.*s],", name, (int)list->text.n_bytes, (const char *)list->text.bytes);
    sp_buffer_fini(&list->text);
}

/* Scans all files; the time is that of all. An error of the scanner's is an answer, too. */
static void tell(struct tool *tool)
{
    const struct sp_policy *policies[] = {tool->policy};
    struct sp_program *program = NULL;
    struct sp_error error = {0};
    struct list limits = {.kind = SP_FINDING_LIMIT}, modules = {.kind = SP_FINDING_MODULE};
    struct list dynamics = {.kind = SP_FINDING_DYNAMIC}, encodings = {.kind = SP_FINDING_ENCODING};
    size_t n_findings = 0;
    bool is_safe = true;
    sp_buffer_init(&limits.text, LIST_BYTES);
    sp_buffer_init(&modules.text, LIST_BYTES);
    sp_buffer_init(&dynamics.text, LIST_BYTES);
    sp_buffer_init(&encodings.text, LIST_BYTES);
    double spent_ms = -cpu_ms();
    int r = tool->n_files > 1 ? sp_program_new(tool->files, tool->n_files, &program, &error) : 0;
    for (size_t i = 0; i < tool->n_files && r == 0; i++) {
        const struct sp_scan_options options = {.language = sp_str_of(tool->language),
            .policies = policies,
            .n_policies = 1,
            .violations_max = tool->violations_max,
            .program = program,
            .program_file = i};
        struct sp_verdict verdict;
        sp_cleanup(sp_arena_fini) struct sp_arena arena;
        sp_arena_init(&arena, (size_t)1 << 30);
        r = sp_scan(tool->scanner, &options, tool->files[i].code, &arena, &verdict, &error);
        if (r < 0)
            break;
        spent_ms += cpu_ms();
        list_add(&limits, &verdict);
        list_add(&modules, &verdict);
        list_add(&dynamics, &verdict);
        list_add(&encodings, &verdict);
        spent_ms -= cpu_ms();
        n_findings += verdict.n_findings;
        is_safe &= verdict.safe;
    }
    sp_program_free(program);
    spent_ms += cpu_ms();
    printf("{");
    list_print(&limits, "limits");
    list_print(&modules, "modules");
    list_print(&dynamics, "dynamics");
    list_print(&encodings, "encodings");
    printf("\"findings\":%zu,\"safe\":%s,\"error\":\"%s\",\"cpu_ms\":%.3f}\n", n_findings, is_safe ? "true" : "false",
        r < 0 ? sp_error_name(r) : "", spent_ms);
    fflush(stdout);
}

static int tell_all(struct tool *tool)
{
    static char *names[FILES_MAX];
    char path[4096];
    while (fgets(path, sizeof(path), stdin)) {
        path[strcspn(path, "\n")] = '\0';
        int r = read_files(tool, path, names);
        if (r == 0)
            tell(tool);
        for (size_t i = 0; i < FILES_MAX; i++) {
            free(names[i]);
            names[i] = NULL;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct tool tool;
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: scan_tool POLICY LANGUAGE [FINDINGS] < PATHS\n");
        return 2;
    }
    tool = (struct tool){.bytes = malloc(FILE_BYTES),
        .language = argv[2],
        .violations_max = argc == 4 ? strtoul(argv[3], NULL, 10) : SIZE_MAX};
    struct sp_error error = {0};
    int r = tool.bytes ? sp_scanner_new(&tool.scanner, &error) : SP_ENO_MEMORY;
    if (r == 0)
        r = read_policy(&tool, argv[1], &error);
    if (r == 0)
        r = tell_all(&tool);
    char text[512];
    if (r < 0)
        fprintf(stderr, "scan_tool: %s\n", sp_error_format(&error, text, sizeof(text)));
    sp_policy_unref(tool.policy);
    sp_scanner_free(tool.scanner);
    free(tool.bytes);
    return r < 0;
}
