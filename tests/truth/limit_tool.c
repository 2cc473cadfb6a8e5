/* What a scan of files under a policy finds: which bounds they reach, which modules they use. Reads paths, one a line, from standard input; prints one JSON
 * object a line. Usage: limit_tool POLICY LANGUAGE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/scope.h"
#include "proto/yaml.h"
#include "scanner/scanner.h"

#define FILE_BYTES ((size_t)1 << 26)

struct tool {
    struct sp_scanner *scanner;
    struct sp_policy *policy;
    char *bytes; /* FILE_BYTES of room */
    const char *language;
};

static int read_file(const char *path, char *bytes, size_t *ret_n_bytes)
{
    sp_cleanup(sp_close_file) FILE *file = fopen(path, "rb");
    if (!file)
        return SP_EINVALID_REQUEST;
    *ret_n_bytes = fread(bytes, 1, FILE_BYTES, file);
    return 0;
}

static int read_policy(struct tool *tool, const char *path, struct sp_error *error)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer buffer;
    sp_buffer_init(&buffer, 8 << 20);
    struct sp_str text = {.ptr = tool->bytes};
    int r = read_file(path, tool->bytes, &text.n_bytes);
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

static int tell(struct tool *tool, const char *path, struct sp_error *error)
{
    const struct sp_policy *policies[] = {tool->policy};
    const struct sp_scan_options options = {
        .language = sp_str_of(tool->language), .policies = policies, .n_policies = 1, .violations_max = SIZE_MAX};
    struct sp_str code = {.ptr = tool->bytes};
    struct sp_verdict verdict;
    sp_cleanup(sp_arena_fini) struct sp_arena arena;
    sp_arena_init(&arena, (size_t)1 << 30);
    int r = read_file(path, tool->bytes, &code.n_bytes);
    if (r == 0)
        r = sp_scan(tool->scanner, &options, code, &arena, &verdict, error);
    if (r < 0)
        return r;
    const char *separator = "";
    printf("{\"limits\":[");
    for (size_t i = 0; i < verdict.n_findings; i++)
        if (verdict.findings[i].kind == SP_FINDING_LIMIT) {
            printf("%s{\"line\":%u,\"what\":\"%s\"}", separator, verdict.findings[i].line,
                verdict.findings[i].description);
            separator = ",";
        }
    printf("],\"modules\":[");
    separator = "";
    for (size_t i = 0; i < verdict.n_findings; i++)
        if (verdict.findings[i].kind == SP_FINDING_MODULE) {
            printf("%s{\"rule\":\"%s\",\"via\":\"%s\",\"offset\":%zu,\"length\":%zu}", separator,
                verdict.findings[i].rule, sp_via_name(verdict.findings[i].via), verdict.findings[i].offset,
                verdict.findings[i].length);
            separator = ",";
        }
    printf("],\"findings\":%zu}\n", verdict.n_findings);
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: limit_tool POLICY LANGUAGE < PATHS\n");
        return 2;
    }
    struct tool tool = {.bytes = malloc(FILE_BYTES), .language = argv[2]};
    struct sp_error error = {0};
    int r = tool.bytes ? sp_scanner_new(&tool.scanner, &error) : SP_ENO_MEMORY;
    if (r == 0)
        r = read_policy(&tool, argv[1], &error);
    char path[4096];
    while (r == 0 && fgets(path, sizeof(path), stdin)) {
        path[strcspn(path, "\n")] = '\0';
        r = tell(&tool, path, &error);
    }
    char text[512];
    if (r < 0)
        fprintf(stderr, "limit_tool: %s\n", sp_error_format(&error, text, sizeof(text)));
    sp_policy_unref(tool.policy);
    sp_scanner_free(tool.scanner);
    free(tool.bytes);
    return r < 0;
}
