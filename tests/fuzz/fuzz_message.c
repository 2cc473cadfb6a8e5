/* What a peer sends: framing, messages, the parameters of every method. */
#include <string.h>

#include "proto/frame.h"
#include "proto/message.h"
#include "proto/method.h"
#include "tests/fuzz/fuzz.h"

/* The end of a frame does not depend on how its bytes come. */
static int walk_in_pieces(
    const uint8_t *bytes, size_t n_bytes, const struct sp_frame_limits *limits, size_t *ret_length)
{
    struct sp_frame frame;
    int r = 0;
    sp_frame_init(&frame, limits);
    for (size_t n = 1; n <= n_bytes && r == 0; n += 1 + n / 8)
        r = sp_frame_walk(&frame, bytes, n, ret_length, NULL);
    return r ? r : sp_frame_walk(&frame, bytes, n_bytes, ret_length, NULL);
}

static void decode_message(const uint8_t *bytes, size_t n_bytes)
{
    struct sp_message message;
    struct sp_error error = {0};
    uint8_t *copy = malloc(n_bytes);
    if (!copy)
        return;
    memcpy(copy, bytes, n_bytes);
    if (sp_message_init(&message, copy, n_bytes, &error) < 0) {
        FUZZ_CHECK(error.code < 0 && error.text[0]);
        return;
    }
    for (int method = 0; method < SP_METHOD_COUNT && message.type == SP_MESSAGE_REQUEST; method++) {
        struct sp_arena arena;
        sp_arena_init(&arena, 1u << 20);
        void *params = sp_arena_alloc(&arena, sp_methods[method].params->size_bytes);
        if (params)
            sp_decode(message.params, sp_methods[method].params, SP_EINVALID_REQUEST, &arena, params, NULL);
        sp_arena_fini(&arena);
    }
    sp_message_fini(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    static const struct sp_frame_limits limits = {.bytes_max = 1u << 16, .items_max = 1u << 12};
    struct sp_frame frame;
    size_t length = 0, again = 0;
    sp_frame_init(&frame, &limits);
    int r = sp_frame_walk(&frame, bytes, n_bytes, &length, NULL);
    FUZZ_CHECK(walk_in_pieces(bytes, n_bytes, &limits, &again) == r);
    FUZZ_CHECK(again == length);
    if (r == 1) {
        FUZZ_CHECK(length > 0 && length <= n_bytes);
        decode_message(bytes, length);
    }
    uint32_t msgid;
    sp_message_peek_msgid(bytes, n_bytes, &msgid);
    return 0;
}
