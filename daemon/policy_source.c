/* From a policy's text to a compiled policy. Any thread but a scanning one; no state. */
#include "daemon/policy_source.h"

#include <openssl/evp.h>
#include <time.h>

#include "proto/decode.h"
#include "proto/limits.h"
#include "proto/pack.h"
#include "proto/scope.h"
#include "proto/yaml.h"

static int take_digest(struct sp_policy_source *source, struct sp_error *error)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t form = (uint8_t)source->form;
    bool good = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(context, &form, 1) == 1 &&
                EVP_DigestUpdate(context, source->bytes.bytes, source->bytes.n_bytes) == 1 &&
                EVP_DigestFinal_ex(context, source->digest, NULL) == 1;
    EVP_MD_CTX_free(context);
    return good ? 0 : sp_error_set(error, SP_EINTERNAL, "SHA-256 is not to be had");
}

static int finish(struct sp_policy_source *source, struct sp_error *error)
{
    int r = source->bytes.failed;
    if (r == SP_ETOO_LARGE)
        sp_error_set(error, r, "a policy of more than %zu bytes", source->bytes.max_bytes);
    else if (r < 0)
        sp_error_set(error, r, NULL);
    else
        r = take_digest(source, error);
    if (r < 0)
        sp_policy_source_fini(source);
    return r;
}

int sp_policy_source_init_text(struct sp_policy_source *source, enum sp_policy_form form, struct sp_str text,
    size_t max_bytes, struct sp_error *error)
{
    *source = (struct sp_policy_source){.form = form};
    sp_buffer_init(&source->bytes, max_bytes);
    sp_buffer_append(&source->bytes, text.ptr, text.n_bytes);
    return finish(source, error);
}

int sp_policy_source_init(
    struct sp_policy_source *source, const msgpack_object *argument, size_t max_bytes, struct sp_error *error)
{
    if (argument->type != MSGPACK_OBJECT_MAP)
        return sp_error_set(error, SP_EINVALID_REQUEST, "must be an id, a name, a map, or {yaml: text}");
    const msgpack_object *yaml = sp_decode_peek(argument, "yaml");
    if (yaml) {
        struct sp_str text;
        if (argument->via.map.size != 1)
            return sp_error_set(error, SP_EINVALID_REQUEST, "{yaml: text} has no other keys");
        if (!sp_decode_str(yaml, &text))
            return sp_error_set(error, SP_EINVALID_REQUEST, "yaml must be a string");
        return sp_policy_source_init_text(source, SP_POLICY_FORM_YAML, text, max_bytes, error);
    }
    *source = (struct sp_policy_source){.form = SP_POLICY_FORM_MAP};
    sp_buffer_init(&source->bytes, max_bytes);
    sp_pack_object(&source->bytes, argument);
    return finish(source, error);
}

void sp_policy_source_fini(struct sp_policy_source *source)
{
    sp_buffer_fini(&source->bytes);
}

static int model_of_bytes(struct sp_str bytes, struct sp_policy_model **ret_model, struct sp_error *error)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    int r = msgpack_unpack_next(&unpacked, bytes.ptr, bytes.n_bytes, NULL) == MSGPACK_UNPACK_SUCCESS
                ? sp_policy_model_new(&unpacked.data, ret_model, error)
                : sp_error_set(error, SP_EINVALID_POLICY, "cannot be unpacked");
    msgpack_unpacked_destroy(&unpacked);
    return r;
}

static int model_of_yaml(struct sp_str text, struct sp_policy_model **ret_model, struct sp_error *error)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer map;
    struct sp_error local = {0};
    sp_buffer_init(&map, SP_FRAME_BYTES_MAX);
    int r = sp_yaml_pack(text, sp_yaml_policy_strings, SP_EINVALID_POLICY, &map, &local);
    if (r == 0) {
        r = model_of_bytes((struct sp_str){(const char *)map.bytes, map.n_bytes}, ret_model, &local);
        if (r < 0 && local.line == 0)
            sp_yaml_locate(text, &local);
    }
    if (r < 0 && error && !error->code)
        *error = local;
    return r;
}

int sp_policy_source_preset(struct sp_str name, const struct sp_preset **ret_preset, struct sp_error *error)
{
    const struct sp_preset *found = sp_preset_find(name);
    if (found) {
        *ret_preset = found;
        return 0;
    }
    size_t n_presets;
    const struct sp_preset *presets = sp_preset_all(&n_presets);
    sp_cleanup(sp_buffer_fini) struct sp_buffer names;
    sp_buffer_init(&names, 1024);
    for (size_t i = 0; i < n_presets; i++) {
        sp_buffer_append(&names, ", ", i ? 2 : 0);
        sp_buffer_append(&names, presets[i].name, strlen(presets[i].name));
    }
    return sp_error_set(error, SP_EUNKNOWN_POLICY, "there is no preset \"%.*s\" (%.*s)", sp_str_int(name, 64), name.ptr,
        (int)names.n_bytes, names.bytes ? (const char *)names.bytes : "");
}

const struct sp_preset *sp_policy_source_find_preset(struct sp_str reference)
{
    const size_t n_prefix = sizeof(SP_POLICY_PRESET_PREFIX) - 1;
    if (reference.n_bytes < n_prefix || memcmp(reference.ptr, SP_POLICY_PRESET_PREFIX, n_prefix) != 0)
        return NULL;
    return sp_preset_find((struct sp_str){reference.ptr + n_prefix, reference.n_bytes - n_prefix});
}

int sp_policy_source_model(
    const struct sp_policy_source *source, struct sp_policy_model **ret_model, struct sp_error *error)
{
    struct sp_str bytes = {source->bytes.bytes ? (const char *)source->bytes.bytes : "", source->bytes.n_bytes};
    switch (source->form) {
    case SP_POLICY_FORM_MAP: return model_of_bytes(bytes, ret_model, error);
    case SP_POLICY_FORM_YAML: return model_of_yaml(bytes, ret_model, error);
    case SP_POLICY_FORM_PRESET: {
        const struct sp_preset *preset;
        int r = sp_policy_source_preset(bytes, &preset, error);
        return r < 0 ? r : model_of_yaml(preset->yaml, ret_model, error);
    }
    }
    return sp_error_set(error, SP_EINTERNAL, "a policy of no known form");
}

static uint64_t thread_cpu_ns(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int sp_policy_source_compile(
    struct sp_policy_model *model, struct sp_policy **ret_policy, uint64_t *ret_cpu_ns, struct sp_error *error)
{
    uint64_t before_ns = thread_cpu_ns();
    int r = sp_policy_compile(model, ret_policy, error);
    *ret_cpu_ns = thread_cpu_ns() - before_ns;
    return r;
}
