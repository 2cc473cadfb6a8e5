/* Calls over a service that is late, broken or gone: each is done exactly once. */
#include "tests/unit/client/fake.h"

#include <poll.h>
#include <time.h>

#include "client/pipeline.h"
#include "proto/clock.h"

struct done {
    int n;
    int code;
    int64_t value;
};

static void on_done(void *context, sallyport_value *answer, const struct sallyport_error *error)
{
    struct done *done = context;
    done->n++;
    done->code = error ? error->code : 0;
    done->value = sallyport_get_int(answer, NULL, -1);
    sallyport_free(answer);
}

static const struct sallyport_scan_options scan = {
    .size = sizeof scan, .code = "x", .code_bytes = 1, .language = "text", .timeout_ms = 5000};
static uint32_t filled;

static void fill_number(struct sp_buffer *buffer)
{
    sp_pack_uint(buffer, filled);
}

static void reply_backwards(int fd)
{
    uint32_t ids[50];
    struct sp_message message;
    if (!fake_greet(fd))
        return;
    for (int i = 0; i < 50; i++) {
        if (!fake_read(fd, &message))
            return;
        ids[i] = message.msgid;
        sp_message_fini(&message);
    }
    for (int i = 49; i >= 0; i--) {
        filled = ids[i];
        fake_reply(fd, ids[i], fill_number);
    }
    (void)fake_read(fd, &message);
}

Test(pipeline, answers_in_any_order_find_their_calls, .timeout = 20)
{
    struct fake fake;
    struct done done[50] = {0};
    uint32_t ids[50];
    fake_start(&fake, reply_backwards);
    sallyport *service = fake_open(&fake);
    for (int i = 0; i < 50; i++)
        cr_assert_eq(sallyport_submit_scan(service, &scan, on_done, &done[i], &ids[i], NULL), 0);
    cr_expect_eq(sallyport_pending(service), 50u);
    while (sallyport_pending(service))
        cr_assert_eq(sallyport_wait(service, -1, NULL), 0);
    for (int i = 0; i < 50; i++) {
        cr_expect_eq(done[i].n, 1);
        cr_expect_eq(done[i].value, ids[i]);
    }
    sallyport_close(service);
    fake_stop(&fake);
}

static void reply_which_method(int fd)
{
    static const char *const methods[] = {"hello", "stats", "reload", "drain", "policy.list"};
    struct sp_message message;
    if (!fake_greet(fd))
        return;
    while (fake_read(fd, &message)) {
        filled = 0;
        for (uint32_t i = 0; i < 5; i++)
            if (sp_str_is(message.method, methods[i]))
                filled = i + 1;
        fake_reply(fd, message.msgid, fill_number);
        sp_message_fini(&message);
    }
}

Test(pipeline, what_takes_no_parameters_has_its_submit_too, .timeout = 20)
{
    int (*const submits[])(sallyport *, sallyport_done_fn *, void *, uint32_t *, struct sallyport_error *) = {
        sallyport_submit_hello, sallyport_submit_stats, sallyport_submit_reload, sallyport_submit_drain,
        sallyport_submit_policy_list};
    struct fake fake;
    struct done done[5] = {0};
    fake_start(&fake, reply_which_method);
    sallyport *service = fake_open(&fake);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(submits[i](service, on_done, &done[i], NULL, NULL), 0);
    while (sallyport_pending(service))
        cr_assert_eq(sallyport_wait(service, -1, NULL), 0);
    for (int i = 0; i < 5; i++) {
        cr_expect_eq(done[i].n, 1);
        cr_expect_eq(done[i].value, i + 1);
    }
    sallyport_close(service);
    fake_stop(&fake);
}

static void answer_half_and_close(int fd)
{
    struct sp_message message;
    if (!fake_greet(fd) || !fake_read(fd, &message))
        return;
    const uint8_t cut[] = {0x94, 0x01, (uint8_t)message.msgid, 0xC0, 0xA5, 'h', 'a'};
    sp_message_fini(&message);
    (void)!write(fd, cut, sizeof cut);
}

Test(pipeline, a_truncated_answer_is_an_error, .timeout = 20)
{
    struct fake fake;
    struct sallyport_error error = {0};
    struct done done = {0};
    sallyport_value *answer = NULL;
    fake_start(&fake, answer_half_and_close);
    sallyport *service = fake_open(&fake);
    cr_expect_eq(sallyport_scan(service, &scan, &answer, &error), SALLYPORT_EUNREACHABLE);
    cr_expect_null(answer);
    cr_expect_str_eq(error.name, "unreachable");
    /* The connection is gone, and says so ever after. */
    cr_expect_eq(sallyport_scan(service, &scan, &answer, &error), SALLYPORT_EUNREACHABLE);
    cr_expect_eq(sallyport_submit_scan(service, &scan, on_done, &done, NULL, NULL), SALLYPORT_EUNREACHABLE);
    cr_expect_eq(done.n, 0);
    sallyport_close(service);
    fake_stop(&fake);
}

static void answer_and_close(int fd)
{
    struct sp_message message;
    if (!fake_greet(fd) || !fake_read(fd, &message))
        return;
    filled = 7;
    fake_reply(fd, message.msgid, fill_number);
    sp_message_fini(&message);
}

Test(pipeline, an_answer_before_the_end_counts, .timeout = 20)
{
    struct fake fake;
    sallyport_value *answer = NULL;
    fake_start(&fake, answer_and_close);
    sallyport *service = fake_open(&fake);
    cr_expect_eq(sallyport_scan(service, &scan, &answer, NULL), 0);
    cr_expect_eq(sallyport_get_int(answer, NULL, 0), 7);
    sallyport_free(answer);
    sallyport_close(service);
    fake_stop(&fake);
}

static void speak_nonsense(int fd)
{
    struct sp_message message;
    if (!fake_greet(fd) || !fake_read(fd, &message))
        return;
    sp_message_fini(&message);
    (void)!write(fd, "HTTP/1.1 200 OK\r\n\r\n", 19);
    (void)fake_read(fd, &message);
}

Test(pipeline, another_protocol_is_an_error, .timeout = 20)
{
    struct fake fake;
    struct sallyport_error error = {0};
    fake_start(&fake, speak_nonsense);
    sallyport *service = fake_open(&fake);
    cr_expect_eq(sallyport_scan(service, &scan, NULL, &error), SALLYPORT_EPROTOCOL);
    sallyport_close(service);
    fake_stop(&fake);
}

static volatile int n_cancels;

/* Says nothing to the first call, and answers it late, behind the second. */
static void answer_late(int fd)
{
    struct sp_message message;
    uint32_t late = 0;
    if (!fake_greet(fd))
        return;
    while (fake_read(fd, &message)) {
        if (message.type == SP_MESSAGE_NOTIFICATION) {
            n_cancels += sp_str_is(message.method, "cancel");
        } else if (!late) {
            late = message.msgid;
        } else {
            filled = 1;
            fake_reply(fd, late, fill_number);
            filled = 2;
            fake_reply(fd, message.msgid, fill_number);
        }
        sp_message_fini(&message);
    }
}

Test(pipeline, a_call_ends_in_time_and_its_late_answer_is_nobodys, .timeout = 20)
{
    struct fake fake;
    struct sallyport_scan_options quick = scan;
    sallyport_value *answer = NULL;
    struct sallyport_error error = {0};
    quick.timeout_ms = 100;
    n_cancels = 0;
    fake_start(&fake, answer_late);
    sallyport *service = fake_open(&fake);
    cr_expect_eq(sallyport_scan(service, &quick, &answer, &error), SALLYPORT_ETIMED_OUT);
    cr_expect_eq(sallyport_scan(service, &scan, &answer, &error), 0, "%s", error.message);
    cr_expect_eq(sallyport_get_int(answer, NULL, 0), 2);
    sallyport_free(answer);
    sallyport_close(service);
    fake_stop(&fake);
    cr_expect_eq(n_cancels, 1);
}

static void answer_when_cancelled(int fd)
{
    struct sp_message message;
    uint32_t waiting = 0;
    if (!fake_greet(fd))
        return;
    while (fake_read(fd, &message)) {
        if (message.type == SP_MESSAGE_REQUEST)
            waiting = message.msgid;
        else
            fake_reply(fd, waiting, fill_number);
        sp_message_fini(&message);
    }
}

static void *interrupt_soon(void *service)
{
    struct timespec pause = {.tv_nsec = 100000000};
    nanosleep(&pause, NULL);
    sallyport_interrupt(service);
    return NULL;
}

Test(pipeline, an_interrupted_call_asks_to_be_cancelled_and_takes_the_answer, .timeout = 20)
{
    struct fake fake;
    pthread_t thread;
    sallyport_value *answer = NULL;
    filled = 9;
    fake_start(&fake, answer_when_cancelled);
    sallyport *service = fake_open(&fake);
    pthread_create(&thread, NULL, interrupt_soon, service);
    cr_expect_eq(sallyport_scan(service, &scan, &answer, NULL), 0);
    cr_expect_eq(sallyport_get_int(answer, NULL, 0), 9);
    pthread_join(thread, NULL);
    sallyport_free(answer);
    sallyport_close(service);
    fake_stop(&fake);
}

static void say_nothing(int fd)
{
    struct sp_message message;
    if (!fake_greet(fd))
        return;
    while (fake_read(fd, &message))
        sp_message_fini(&message);
}

Test(pipeline, closing_ends_what_is_in_flight_once, .timeout = 20)
{
    struct fake fake;
    struct done done[3] = {0};
    fake_start(&fake, say_nothing);
    sallyport *service = fake_open(&fake);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(sallyport_submit_scan(service, &scan, on_done, &done[i], NULL, NULL), 0);
    cr_assert_eq(sallyport_dispatch(service, NULL), 0);
    sallyport_close(service);
    fake_stop(&fake);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(done[i].n, 1);
        cr_expect_eq(done[i].code, SALLYPORT_ECANCELLED);
    }
}

static sallyport *reentered;

static void on_done_misuse(void *context, sallyport_value *answer, const struct sallyport_error *error)
{
    struct done *done = context;
    done->n++;
    cr_expect_not_null(error);
    sallyport_free(answer);
    cr_expect_eq(sallyport_dispatch(reentered, NULL), SALLYPORT_EINVALID_REQUEST);
    cr_expect_eq(sallyport_scan(reentered, &scan, NULL, NULL), SALLYPORT_EINVALID_REQUEST);
    done->code = sallyport_submit_scan(reentered, &scan, on_done, done + 1, NULL, NULL);
}

Test(pipeline, a_done_function_may_submit_and_must_not_wait, .timeout = 20)
{
    struct fake fake;
    struct done done[2] = {0};
    struct sallyport_scan_options quick = scan;
    quick.timeout_ms = 50;
    fake_start(&fake, say_nothing);
    reentered = fake_open(&fake);
    cr_assert_eq(sallyport_submit_scan(reentered, &quick, on_done_misuse, &done[0], NULL, NULL), 0);
    cr_assert_eq(sallyport_wait(reentered, -1, NULL), 0);
    cr_expect_eq(done[0].n, 1);
    cr_expect_eq(done[0].code, 0);
    cr_expect_eq(sallyport_pending(reentered), 1u);
    sallyport_close(reentered);
    fake_stop(&fake);
    cr_expect_eq(done[1].n, 1);
}

static void answer_with_a_shapeless_error(int fd)
{
    struct sp_message message;
    if (!fake_greet(fd) || !fake_read(fd, &message))
        return;
    const uint8_t error[] = {0x94, 0x01, (uint8_t)message.msgid, 0xC3, 0xC0};
    sp_message_fini(&message);
    (void)!write(fd, error, sizeof error);
    (void)fake_read(fd, &message);
}

Test(pipeline, an_error_of_any_shape_is_one, .timeout = 20)
{
    struct fake fake;
    sallyport_value *answer = NULL;
    fake_start(&fake, answer_with_a_shapeless_error);
    sallyport *service = fake_open(&fake);
    cr_expect_eq(sallyport_scan(service, &scan, &answer, NULL), SALLYPORT_EINTERNAL);
    cr_expect_null(answer);
    sallyport_close(service);
    fake_stop(&fake);
}

Test(pipeline, what_the_service_cannot_take_is_not_sent, .timeout = 20)
{
    struct fake fake;
    struct sallyport_scan_options large = scan;
    static char code[(16 << 20) + 1];
    large.code = code;
    large.code_bytes = sizeof code;
    memset(code, 'x', sizeof code);
    fake_start(&fake, answer_and_close);
    sallyport *service = fake_open(&fake);
    cr_expect_eq(sallyport_scan(service, &large, NULL, NULL), SALLYPORT_ETOO_LARGE);
    cr_expect_eq(sallyport_events(service), SALLYPORT_READ);
    sallyport_value *answer = NULL;
    cr_expect_eq(sallyport_scan(service, &scan, &answer, NULL), 0);
    sallyport_free(answer);
    sallyport_close(service);
    fake_stop(&fake);
}

static void refuse_to_greet(int fd)
{
    struct sp_message message;
    (void)fake_read(fd, &message);
    sp_message_fini(&message);
}

Test(pipeline, a_peer_that_does_not_greet_is_none_of_ours, .timeout = 20)
{
    struct fake fake;
    fake_start(&fake, refuse_to_greet);
    struct sallyport_options options = {.size = sizeof options, .socket_path = fake.path, .timeout_ms = 2000};
    sallyport *service = NULL;
    cr_expect_eq(sallyport_open(&options, &service, NULL), SALLYPORT_EUNREACHABLE);
    cr_expect_null(service);
    fake_stop(&fake);
}

static void greet_and_wait(int fd)
{
    struct sp_message message;
    if (fake_greet(fd))
        while (fake_read(fd, &message))
            sp_message_fini(&message);
}

/* The fake says that a run waits 700 s at most and has 20 s, where it asks for nothing. */
Test(pipeline, a_run_is_waited_for_as_long_as_the_service_may_take)
{
    static const struct {
        uint64_t wall_ms;
        unsigned timeout_ms, expected_ms;
    } rows[] = {{0, 0, 780000}, {50000, 0, 810000}, {50000, 3000, 3000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake fake;
        struct done done = {0};
        fake_start(&fake, greet_and_wait);
        sallyport *service = fake_open(&fake);
        struct sallyport_run_options run = {.size = sizeof run,
            .code = "x",
            .code_bytes = 1,
            .language = "python",
            .wall_ms = rows[i].wall_ms,
            .timeout_ms = rows[i].timeout_ms};
        uint32_t id;
        uint64_t before_ms = sp_clock_ms();
        cr_assert_eq(sallyport_submit_run(service, &run, on_done, &done, &id, NULL), 0);
        const struct sp_call *call = service->buckets[id % SP_PIPELINE_BUCKETS];
        cr_assert_eq(call->id, id);
        cr_assert_geq(call->deadline_ms, before_ms + rows[i].expected_ms);
        cr_assert_leq(call->deadline_ms, sp_clock_ms() + rows[i].expected_ms);
        sallyport_close(service);
        fake_stop(&fake);
        cr_assert_eq(done.n, 1);
    }
}
