#include <criterion/criterion.h>

#include "proto/buffer.h"
#include "proto/scope.h"
#include "scanner/lex_python.h"
#include "scanner/python_token.h"

struct read {
    struct sp_arena arena;
    struct sp_python_names names;
};

static void read_all(struct read *r, struct sp_str source)
{
    struct sp_span_list spans;
    struct sp_python_cursor cursor;
    struct sp_error error = {0};
    sp_arena_init(&r->arena, (size_t)1 << 30);
    cr_assert(sp_lex_python(source, SP_STR(""), &r->arena, &spans, &error) == 0);
    cr_assert(sp_python_names_init(&r->names, &r->arena) == 0);
    sp_python_cursor_init(&cursor, source, &spans, &r->names);
    while (cursor.token.kind != SP_PYTHON_TOKEN_END && !cursor.failed)
        sp_python_cursor_next(&cursor);
    cr_assert(!cursor.failed);
}

Test(python_token, names_are_compared_in_their_normal_form)
{
    struct read r;
    read_all(&r, SP_STR("\xef\xbd\x8f\xef\xbd\x93"));
    cr_expect(sp_python_names_find(&r.names, SP_STR("os")) != UINT32_MAX);
    cr_expect(!r.names.too_long);
    sp_arena_fini(&r.arena);
}

/* Marks behind a letter are sorted in the square of their number. */
Test(python_token, a_name_of_many_marks_is_no_long_work, .timeout = 20)
{
    sp_cleanup(sp_buffer_fini) struct sp_buffer text;
    struct read r;
    sp_buffer_init(&text, 4 << 20);
    sp_buffer_append(&text, "x=a", 3);
    for (int i = 0; i < 1 << 18; i++)
        sp_buffer_append(&text, "\xcc\x81\xcc\x96", 4);
    read_all(&r, (struct sp_str){(const char *)text.bytes, text.n_bytes});
    cr_expect(r.names.too_long && r.names.too_long_at == 2);
    sp_arena_fini(&r.arena);
}

#define PLACES 17
#define WIDTH  6

/* Each place has two fillings after which FNV-1a stands the same: 2^17 names of one hash. */
static void find_colliding(char pairs[PLACES][2][WIDTH])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    enum { N_LETTERS = sizeof(letters) - 1, N_SLOTS = 1 << 21 };
    static struct {
        uint32_t hash;
        char text[WIDTH];
    } slots[N_SLOTS];
    uint32_t state = 2166136261u;
    uint64_t chance = 1;
    for (size_t n = 0; n < PLACES; n++) {
        memset(slots, 0, sizeof(slots));
        for (uint32_t i = 0;; i++) {
            char text[WIDTH];
            uint32_t hash = state;
            cr_assert(i < N_SLOTS / 2);
            for (int k = 0; k < WIDTH; k++) {
                chance = chance * 6364136223846793005u + 1442695040888963407u;
                text[k] = letters[(chance >> 40) % N_LETTERS];
                hash = (hash ^ (uint8_t)text[k]) * 16777619u;
            }
            uint32_t at = hash % N_SLOTS;
            while (slots[at].text[0] && slots[at].hash != hash)
                at = (at + 1) % N_SLOTS;
            if (memcmp(slots[at].text, text, WIDTH) == 0)
                continue;
            if (slots[at].text[0]) {
                memcpy(pairs[n][0], slots[at].text, WIDTH);
                memcpy(pairs[n][1], text, WIDTH);
                state = hash;
                break;
            }
            slots[at].hash = hash;
            memcpy(slots[at].text, text, WIDTH);
        }
    }
}

Test(python_token, names_of_one_fixed_hash_are_found_at_once, .timeout = 20)
{
    static char pairs[PLACES][2][WIDTH];
    sp_cleanup(sp_buffer_fini) struct sp_buffer text;
    struct read r;
    find_colliding(pairs);
    sp_buffer_init(&text, 64 << 20);
    for (uint32_t i = 0; i < 1u << PLACES; i++) {
        for (uint32_t k = 0; k < PLACES; k++)
            sp_buffer_append(&text, pairs[k][i >> k & 1], WIDTH);
        sp_buffer_append(&text, "\n", 1);
    }
    read_all(&r, (struct sp_str){(const char *)text.bytes, text.n_bytes});
    cr_expect_eq(r.names.n_items, SP_PYTHON_KEYWORD_COUNT + (1u << PLACES), "%u names of %zu bytes", r.names.n_items,
        text.n_bytes);
    sp_arena_fini(&r.arena);
}
