/* How a verdict is cut to the room that there is. */
#include <criterion/criterion.h>

#include "daemon/verdict_fit.h"
#include "proto/decode.h"
#include "proto/scope.h"

#define N_FINDINGS 500

static struct sp_finding findings[N_FINDINGS];
static struct sp_arena arena;

static void set_up(void)
{
    sp_arena_init(&arena, 1 << 20);
}

static void tear_down(void)
{
    sp_arena_fini(&arena);
}

/* Every tenth blocks. */
static struct sp_verdict verdict_of(size_t n)
{
    for (size_t i = 0; i < n; i++)
        findings[i] = (struct sp_finding){
            .rule = "r", .description = "d", .offset = i, .blocking = i % 10 == 0, .text = SP_STR("text")};
    return (struct sp_verdict){
        .language = "python", .findings = findings, .n_findings = n, .counts = {[SP_SEVERITY_HIGH] = n}};
}

/* What is told, in bytes_max; n_blocking counts. */
static size_t tell(const struct sp_verdict *verdict, size_t bytes_max, size_t *ret_n_blocking, bool *ret_truncated)
{
    struct sp_buffer buffer;
    msgpack_unpacked unpacked;
    sp_buffer_init(&buffer, 1 << 20);
    msgpack_unpacked_init(&unpacked);
    cr_assert_eq(sp_verdict_fit_pack(verdict, 0, bytes_max, &arena, &buffer), 0);
    size_t at = 0;
    cr_assert_eq(msgpack_unpack_next(&unpacked, (char *)buffer.bytes, buffer.n_bytes, &at), MSGPACK_UNPACK_SUCCESS);
    cr_assert_eq(at, buffer.n_bytes);
    const msgpack_object *told = sp_decode_peek(&unpacked.data, "violations");
    size_t n = told->via.array.size;
    if (n)
        cr_assert_leq(buffer.n_bytes, bytes_max);
    *ret_n_blocking = 0;
    for (size_t i = 0; i < n; i++) {
        *ret_n_blocking += sp_decode_peek(&told->via.array.ptr[i], "blocking")->via.boolean;
        if (i)
            cr_assert_gt(sp_decode_peek(&told->via.array.ptr[i], "offset")->via.u64,
                sp_decode_peek(&told->via.array.ptr[i - 1], "offset")->via.u64);
    }
    *ret_truncated = sp_decode_peek(&unpacked.data, "truncated")->via.boolean;
    cr_assert_eq(sp_decode_peek(sp_decode_peek(&unpacked.data, "counts"), "high")->via.u64, verdict->n_findings);
    msgpack_unpacked_destroy(&unpacked);
    sp_buffer_fini(&buffer);
    return n;
}

Test(verdict_fit, leaves_alone_what_fits, .init = set_up, .fini = tear_down)
{
    const struct sp_verdict verdict = verdict_of(N_FINDINGS);
    size_t n_blocking;
    bool truncated;
    cr_assert_eq(tell(&verdict, 1 << 20, &n_blocking, &truncated), N_FINDINGS);
    cr_assert(!truncated);
}

Test(verdict_fit, drops_what_does_not_block_first, .init = set_up, .fini = tear_down)
{
    const struct sp_verdict verdict = verdict_of(N_FINDINGS);
    size_t n_blocking;
    bool truncated;
    size_t n = tell(&verdict, 30000, &n_blocking, &truncated);
    cr_assert(truncated);
    cr_assert_gt(n, 100);
    cr_assert_eq(n_blocking, N_FINDINGS / 10);
    n = tell(&verdict, 3000, &n_blocking, &truncated);
    cr_assert_gt(n, 3);
    cr_assert_eq(n_blocking, n);
}

Test(verdict_fit, tells_the_rest_where_no_finding_fits, .init = set_up, .fini = tear_down)
{
    const struct sp_verdict verdict = verdict_of(N_FINDINGS);
    size_t n_blocking;
    bool truncated;
    cr_assert_eq(tell(&verdict, 0, &n_blocking, &truncated), 0);
    cr_assert(truncated);
}

Test(verdict_fit, fails_only_by_the_bound_of_the_buffer, .init = set_up, .fini = tear_down)
{
    const struct sp_verdict verdict = verdict_of(N_FINDINGS);
    struct sp_buffer buffer;
    sp_buffer_init(&buffer, 4000);
    cr_assert_eq(sp_verdict_fit_pack(&verdict, 0, 1 << 20, &arena, &buffer), 0);
    sp_buffer_fini(&buffer);
    sp_buffer_init(&buffer, 50);
    cr_assert_eq(sp_verdict_fit_pack(&verdict, 0, 1 << 20, &arena, &buffer), SP_ETOO_LARGE);
    sp_buffer_fini(&buffer);
}
