/* What the scanner's language half says of files, for comparison with the reference interpreter. Reads paths, one a line,
 * from standard input; prints one JSON object a line. Usage: lex_tool LANGUAGE[:DIALECT] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/language.h"
#include "proto/scope.h"
#include "scanner/source.h"
#include "scanner/span.h"
#include "scanner/tongue.h"

#define ARENA_BYTES    ((size_t)1 << 31)
#define FILE_BYTES_MAX (1 << 26)

/* Exactly as much as the file has, so that a sanitizer sees what is read past its end. */
static int read_file(const char *path, char **ret_bytes, size_t *ret_n_bytes)
{
    sp_cleanup(sp_close_file) FILE *file = fopen(path, "rb");
    struct stat info;
    if (!file || fstat(fileno(file), &info) < 0 || info.st_size > FILE_BYTES_MAX)
        return -1;
    size_t size = (size_t)info.st_size;
    sp_cleanup(sp_free_ptr) char *bytes = malloc(size ? size : 1);
    if (!bytes || fread(bytes, 1, size, file) != size)
        return -1;
    *ret_n_bytes = size;
    *ret_bytes = SP_TAKE(bytes);
    return 0;
}

static void print_text(struct sp_str text)
{
    putchar('"');
    for (size_t i = 0; i < text.n_bytes; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte == '"' || byte == '\\' || byte < 0x20 || byte >= 0x7f)
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

static void print_spans(const struct sp_span_list *spans, const char *key, enum sp_span_class kind)
{
    const char *separator = "";
    printf("\"%s\":[", key);
    for (uint32_t i = 0; i < spans->n_items; i++)
        if (spans->items[i].kind == kind) {
            printf("%s[%u,%u]", separator, spans->items[i].start, spans->items[i].end);
            separator = ",";
        }
    printf("],");
}

static void print_resolution(const struct sp_resolution *resolution)
{
    printf("\"modules\":[");
    for (uint32_t i = 0; i < resolution->modules.n_items; i++) {
        const struct sp_module_use *use = &resolution->modules.items[i];
        printf("%s{\"name\":", i ? "," : "");
        print_text(use->name);
        printf(",\"offset\":%u,\"length\":%u,\"via\":%d,\"maybe\":%s}", use->offset, use->length, use->via,
            use->maybe ? "true" : "false");
    }
    printf("],\"names\":[");
    for (uint32_t i = 0; i < resolution->names.n_items; i++) {
        const struct sp_name_use *use = &resolution->names.items[i];
        printf("%s{\"name\":", i ? "," : "");
        print_text(use->name);
        printf(",\"offset\":%u,\"length\":%u,\"via\":%d,\"call\":%s}", use->offset, use->length, use->via,
            use->call ? "true" : "false");
    }
    printf("],\"folded\":[");
    for (uint32_t i = 0; i < resolution->folded.n_items; i++) {
        const struct sp_folded *folded = &resolution->folded.items[i];
        printf("%s{\"value\":", i ? "," : "");
        print_text(folded->value);
        printf(",\"offset\":%u,\"length\":%u}", folded->offset, folded->length);
    }
    printf("],\"evaluated\":[");
    for (uint32_t i = 0; i < resolution->evaluated.n_items; i++) {
        const struct sp_evaluated *evaluated = &resolution->evaluated.items[i];
        printf("%s{\"text\":", i ? "," : "");
        print_text(evaluated->text);
        printf(",\"offset\":%u,\"length\":%u}", evaluated->offset, evaluated->length);
    }
    printf("],\"dynamics\":[");
    for (uint32_t i = 0; i < resolution->dynamics.n_items; i++) {
        const struct sp_dynamic *dynamic = &resolution->dynamics.items[i];
        printf("%s{\"what\":\"%s\",\"offset\":%u,\"length\":%u}", i ? "," : "", dynamic->what, dynamic->offset,
            dynamic->length);
    }
    printf("],\"limits\":[");
    for (uint32_t i = 0; i < resolution->limits.n_items; i++) {
        const struct sp_resolve_limit *limit = &resolution->limits.items[i];
        printf("%s{\"what\":\"%s\",\"offset\":%u}", i ? "," : "", limit->what, limit->offset);
    }
    printf("],");
}

static void print_encoding(const struct sp_tongue *tongue, struct sp_str source)
{
    static const char *const readings[] = {"utf8", "bytes", "other"};
    struct sp_str name = {0};
    if (tongue->encoding)
        name = tongue->encoding(source);
    printf("\"encoding\":{\"name\":");
    print_text(name);
    printf(",\"reading\":\"%s\"},", readings[sp_source_reading_of(name)]);
}

static int tell(const struct sp_tongue *tongue, struct sp_str dialect, const char *path)
{
    sp_cleanup(sp_free_ptr) char *bytes = NULL;
    struct sp_arena arena;
    struct sp_error error = {0};
    struct sp_span_list spans = {0};
    struct sp_resolution resolution = {0};
    size_t n_bytes = 0;
    if (read_file(path, &bytes, &n_bytes)) {
        perror(path);
        return 1;
    }
    sp_arena_init(&arena, ARENA_BYTES);
    struct sp_str source = {bytes, n_bytes};
    int r = tongue->lex(source, dialect, &arena, &spans, &error);
    if (r == 0 && tongue->resolve)
        r = tongue->resolve(source, &spans, NULL, &arena, &resolution, &error);
    if (r) {
        fprintf(stderr, "%s: %s\n", path, error.text);
    } else {
        printf("{");
        print_spans(&spans, "comments", SP_SPAN_COMMENT);
        print_spans(&spans, "strings", SP_SPAN_STRING);
        print_spans(&spans, "interpolations", SP_SPAN_INTERPOLATION);
        print_resolution(&resolution);
        print_encoding(tongue, source);
        printf("\"path\":");
        print_text(sp_str_of(path));
        printf("}\n");
        fflush(stdout);
    }
    sp_arena_fini(&arena);
    return r ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct sp_str dialect;
    const struct sp_tongue *tongue = argc == 2 ? sp_tongue_find(sp_language_find(sp_str_of(argv[1]), &dialect)) : NULL;
    if (!tongue) {
        fprintf(stderr, "usage: lex_tool LANGUAGE[:DIALECT] < PATHS\n");
        return 2;
    }
    char path[4096];
    int status = 0;
    while (fgets(path, sizeof(path), stdin)) {
        path[strcspn(path, "\n")] = '\0';
        status |= tell(tongue, dialect, path);
    }
    return status;
}
