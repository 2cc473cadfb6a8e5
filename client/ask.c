/* Options into the parameters of a request. Any thread; no state. The names are those of the table of methods in proto/,
 * by which the service reads them; it checks them too, so that this end stays thin. */
#include "client/ask.h"

#include <string.h>

#include "proto/pack.h"
#include "proto/params.h"
#include "proto/utf8.h"

int sp_ask_adopt(const void *options, size_t size, size_t own_size, void *ret_own, struct sp_error *error)
{
    if (size < sizeof(size_t))
        return sp_error_set(error, SP_EINVALID_REQUEST, "the options' size is not set");
    const char *bytes = options;
    for (size_t i = own_size; i < size; i++)
        if (bytes[i])
            return sp_error_set(error, SP_EINVALID_REQUEST, "the options hold fields that this library does not know");
    memset(ret_own, 0, own_size);
    memcpy(ret_own, options, size < own_size ? size : own_size);
    return 0;
}

#define ADOPT(options, ret_own, error)                                                                                 \
    ((options) ? sp_ask_adopt((options), (options)->size, sizeof *(ret_own), (ret_own), (error))                       \
               : sp_error_set((error), SP_EINVALID_REQUEST, "no options are given"))

static void put_text(struct sp_pack_map *map, const char *key, const char *text)
{
    if (text)
        sp_pack_text(sp_pack_put(map, key), sp_str_of(text));
}

/* What the caller says is there must be there. */
static int check_given(const char *what, const void *given, size_t count, struct sp_error *error)
{
    return given || !count ? 0 : sp_error_set(error, SP_EINVALID_REQUEST, "%s: %zu of them, at NULL", what, count);
}

static int put_bytes(
    struct sp_pack_map *map, const char *key, const void *bytes, size_t n_bytes, struct sp_error *error)
{
    int r = check_given(key, bytes, n_bytes, error);
    if (r == 0)
        sp_pack_text(sp_pack_put(map, key), (struct sp_str){bytes ? bytes : "", n_bytes});
    return r;
}

static void put_uint(struct sp_pack_map *map, const char *key, uint64_t value)
{
    if (value)
        sp_pack_uint(sp_pack_put(map, key), value);
}

static int put_texts(
    struct sp_pack_map *map, const char *key, const char *const *texts, size_t n_texts, struct sp_error *error)
{
    int r = check_given(key, texts, n_texts, error);
    if (r < 0 || !n_texts)
        return r;
    struct sp_buffer *buffer = sp_pack_put(map, key);
    sp_pack_array(buffer, n_texts);
    for (size_t i = 0; i < n_texts; i++) {
        if (!texts[i])
            return sp_error_set(error, SP_EINVALID_REQUEST, "%s[%zu] is NULL", key, i);
        sp_pack_text(buffer, sp_str_of(texts[i]));
    }
    return 0;
}

static int put_policy(
    struct sp_pack_map *map, const char *reference, const void *yaml, size_t yaml_bytes, struct sp_error *error)
{
    int r = check_given("policy_yaml", yaml, yaml_bytes, error);
    if (r < 0)
        return r;
    if (!yaml) {
        put_text(map, "policy", reference);
        return 0;
    }
    struct sp_buffer *buffer = sp_pack_put(map, "policy");
    sp_pack_map(buffer, 1);
    sp_pack_key(buffer, "yaml");
    sp_pack_text(buffer, (struct sp_str){yaml, yaml_bytes});
    return 0;
}

static int end_with_policy(
    struct sp_pack_map *map, const char *reference, const void *yaml, size_t yaml_bytes, struct sp_error *error)
{
    int r = put_policy(map, reference, yaml, yaml_bytes, error);
    sp_pack_map_end(map);
    return r;
}

/* The path is for the audit, which takes text only: what is not UTF-8 in it becomes U+FFFD. */
static void put_path(struct sp_pack_map *map, const char *path)
{
    if (!path)
        return;
    char clean[4096];
    size_t n_clean = 0, n_bytes = strlen(path);
    for (size_t at = 0; at < n_bytes && n_clean + 4 < sizeof clean;) {
        size_t length = sp_utf8_next((const uint8_t *)path + at, n_bytes - at, NULL);
        if (length) {
            memcpy(clean + n_clean, path + at, length);
            n_clean += length;
        } else {
            n_clean += sp_utf8_put(0xFFFD, (uint8_t *)clean + n_clean);
        }
        at += length ? length : 1;
    }
    sp_pack_text(sp_pack_put(map, "path"), (struct sp_str){clean, n_clean});
}

static int put_code(
    struct sp_pack_map *map, const void *code, size_t code_bytes, const char *language, struct sp_error *error)
{
    if (!language)
        return sp_error_set(error, SP_EINVALID_REQUEST, "no language is given");
    put_text(map, "language", language);
    return put_bytes(map, "code", code, code_bytes, error);
}

int sp_ask_scan(struct sp_buffer *buffer, const struct sallyport_scan_options *options, struct sp_error *error)
{
    struct sallyport_scan_options own;
    int r = ADOPT(options, &own, error);
    if (r < 0)
        return r;
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    r = put_code(&map, own.code, own.code_bytes, own.language, error);
    if (r < 0)
        return r;
    put_path(&map, own.path);
    put_uint(&map, "max_violations", own.max_violations);
    return end_with_policy(&map, own.policy, own.policy_yaml, own.policy_yaml_bytes, error);
}

int sp_ask_scan_batch(struct sp_buffer *buffer, const struct sallyport_batch_options *options, struct sp_error *error)
{
    struct sallyport_batch_options own;
    int r = ADOPT(options, &own, error);
    if (r < 0)
        return r;
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    if (own.n_sources && !own.sources)
        return sp_error_set(error, SP_EINVALID_REQUEST, "no sources are given");
    sp_pack_array(sp_pack_put(&map, "sources"), own.n_sources);
    for (size_t i = 0; i < own.n_sources; i++) {
        /* The caller's struct may be longer or shorter than ours: its own size is the stride. */
        const char *at = (const char *)own.sources + i * own.sources->size;
        struct sallyport_source source;
        r = sp_ask_adopt(at, own.sources->size, sizeof source, &source, error);
        if (r < 0)
            return r;
        struct sp_pack_map one = sp_pack_map_begin(buffer);
        r = put_code(&one, source.code, source.code_bytes, source.language, error);
        if (r < 0)
            return r;
        put_path(&one, source.path);
        sp_pack_map_end(&one);
    }
    put_uint(&map, "max_violations", own.max_violations);
    return end_with_policy(&map, own.policy, own.policy_yaml, own.policy_yaml_bytes, error);
}

int sp_ask_explain(struct sp_buffer *buffer, const struct sallyport_explain_options *options, struct sp_error *error)
{
    struct sallyport_explain_options own;
    int r = ADOPT(options, &own, error);
    if (r < 0)
        return r;
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    r = put_code(&map, own.code, own.code_bytes, own.language, error);
    if (r < 0)
        return r;
    return end_with_policy(&map, own.policy, own.policy_yaml, own.policy_yaml_bytes, error);
}

static int put_env(struct sp_pack_map *map, const char *const *env, size_t n_env, struct sp_error *error)
{
    int r = check_given("env", env, n_env, error);
    if (r < 0 || !n_env)
        return r;
    struct sp_buffer *buffer = sp_pack_put(map, "env");
    sp_pack_map(buffer, n_env);
    for (size_t i = 0; i < n_env; i++) {
        const char *equals = env[i] ? strchr(env[i], '=') : NULL;
        if (!equals || equals == env[i])
            return sp_error_set(error, SP_EINVALID_REQUEST, "env[%zu] is not NAME=value", i);
        sp_pack_text(buffer, (struct sp_str){env[i], (size_t)(equals - env[i])});
        sp_pack_text(buffer, sp_str_of(equals + 1));
    }
    return 0;
}

static int put_files(
    struct sp_pack_map *map, const struct sallyport_file *files, size_t n_files, struct sp_error *error)
{
    int r = check_given("files", files, n_files, error);
    if (r < 0 || !n_files)
        return r;
    struct sp_buffer *buffer = sp_pack_put(map, "files");
    sp_pack_array(buffer, n_files);
    for (size_t i = 0; i < n_files; i++) {
        struct sallyport_file file;
        r = sp_ask_adopt((const char *)files + i * files->size, files->size, sizeof file, &file, error);
        if (r < 0)
            return r;
        if (!file.path)
            return sp_error_set(error, SP_EINVALID_REQUEST, "files[%zu] has no path", i);
        struct sp_pack_map one = sp_pack_map_begin(buffer);
        put_text(&one, "path", file.path);
        r = put_bytes(&one, "data", file.data, file.data_bytes, error);
        if (r < 0)
            return r;
        put_uint(&one, "mode", file.mode);
        sp_pack_map_end(&one);
    }
    return 0;
}

/* By the table that reads them at the other end. */
static void put_limits(struct sp_pack_map *map, const struct sallyport_run_options *options)
{
    const struct sp_limits asked = {
#define X(field, name, standard, ceiling, unit, holder) .field = options->field,
        SP_RUN_LIMITS(X)
#undef X
    };
    struct sp_pack_map limits = sp_pack_map_begin(sp_pack_put(map, "limits"));
    for (size_t i = 0; i < sp_limits_table.n_fields; i++) {
        const struct sp_field *field = &sp_limits_table.fields[i];
        uint64_t value = *(const uint64_t *)(const void *)((const char *)&asked + field->offset);
        if (field->type == SP_FIELD_MILLI && value)
            sp_pack_double(sp_pack_put(&limits, field->name), (double)value / 1000);
        else
            put_uint(&limits, field->name, value);
    }
    sp_pack_map_end(&limits);
}

/* Everything of a run that may be there or not. */
static int put_world(struct sp_pack_map *map, const struct sallyport_run_options *own, struct sp_error *error)
{
    int r = put_texts(map, "argv", own->argv, own->n_argv, error);
    if (r == 0)
        r = put_env(map, own->env, own->n_env, error);
    if (r == 0 && (own->input || own->input_bytes))
        r = put_bytes(map, "stdin", own->input, own->input_bytes, error);
    if (r == 0)
        r = put_files(map, own->files, own->n_files, error);
    if (r == 0)
        r = put_texts(map, "libraries", own->libraries, own->n_libraries, error);
    if (r == 0)
        r = put_texts(map, "artifacts", own->artifacts, own->n_artifacts, error);
    return r;
}

int sp_ask_run(struct sp_buffer *buffer, const struct sallyport_run_options *options, struct sp_error *error)
{
    struct sallyport_run_options own;
    int r = ADOPT(options, &own, error);
    if (r < 0)
        return r;
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    r = put_code(&map, own.code, own.code_bytes, own.language, error);
    if (r == 0)
        r = put_world(&map, &own, error);
    if (r < 0)
        return r;
    put_text(&map, "runtime", own.runtime);
    put_limits(&map, &own);
    put_text(&map, "network", own.network);
    if (own.output)
        sp_pack_bool(sp_pack_put(&map, "stream"), true);
    put_text(&map, "tag", own.tag);
    put_uint(&map, "max_violations", own.max_violations);
    return end_with_policy(&map, own.policy, own.policy_yaml, own.policy_yaml_bytes, error);
}

int sp_ask_policy_put(
    struct sp_buffer *buffer, const void *yaml, size_t yaml_bytes, const char *name, struct sp_error *error)
{
    if (!yaml)
        return sp_error_set(error, SP_EINVALID_REQUEST, "no policy is given");
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    put_text(&map, "name", name);
    return end_with_policy(&map, NULL, yaml, yaml_bytes, error);
}

int sp_ask_policy_check(struct sp_buffer *buffer, const void *yaml, size_t yaml_bytes, struct sp_error *error)
{
    return sp_ask_policy_put(buffer, yaml, yaml_bytes, NULL, error);
}

int sp_ask_policy(struct sp_buffer *buffer, const char *policy, struct sp_error *error)
{
    if (!policy)
        return sp_error_set(error, SP_EINVALID_REQUEST, "no policy is given");
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    put_text(&map, "policy", policy);
    sp_pack_map_end(&map);
    return 0;
}

int sp_ask_hello(struct sp_buffer *buffer, const char *client)
{
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    put_text(&map, "client", client);
    put_text(&map, "errors", "map");
    sp_pack_map_end(&map);
    return 0;
}

int sp_ask_nothing(struct sp_buffer *buffer)
{
    sp_pack_map(buffer, 0);
    return 0;
}
