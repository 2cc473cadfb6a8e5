/* What an author of policies writes: YAML, its place of errors, the policy that it decodes to. */
#include <string.h>

#include "proto/frame.h"
#include "proto/yaml.h"
#include "scanner/scanner.h"
#include "tests/fuzz/fuzz.h"

static void decode_policy(const struct sp_buffer *buffer, struct sp_str text)
{
    msgpack_unpacked unpacked;
    struct sp_policy_model *model = NULL;
    struct sp_error error = {0};
    size_t at = 0;
    msgpack_unpacked_init(&unpacked);
    FUZZ_CHECK(
        msgpack_unpack_next(&unpacked, (const char *)buffer->bytes, buffer->n_bytes, &at) == MSGPACK_UNPACK_SUCCESS);
    FUZZ_CHECK(at == buffer->n_bytes);
    if (sp_policy_model_new(&unpacked.data, &model, &error) == 0) {
        FUZZ_CHECK(strlen(sp_policy_model_id(model)) == 7 + 64);
        sp_policy_model_free(model);
    } else {
        FUZZ_CHECK(error.code < 0 && error.text[0]);
        sp_yaml_locate(text, &error);
    }
    msgpack_unpacked_destroy(&unpacked);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    struct sp_str text = {(const char *)bytes, n_bytes};
    struct sp_buffer buffer;
    struct sp_error error = {0};
    sp_buffer_init(&buffer, 1u << 20);
    if (sp_yaml_pack(text, sp_yaml_policy_strings, SP_EINVALID_POLICY, &buffer, &error) == 0)
        decode_policy(&buffer, text);
    else
        FUZZ_CHECK(error.code < 0 && error.text[0]);
    sp_buffer_fini(&buffer);
    return 0;
}
