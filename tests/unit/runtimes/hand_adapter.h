#ifndef SP_TESTS_UNIT_RUNTIMES_HAND_ADAPTER_H
#define SP_TESTS_UNIT_RUNTIMES_HAND_ADAPTER_H

/* A runtime whose sandboxes are played by hand: a test says when one is ready, what its runner says, when it is gone. It
 * keeps the rules of adapter.h, and looks whether its callers do. Two of them, so that a set can have several. */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "proto/language.h"
#include "runtimes/run.h"
#include "runtimes/set.h"

struct hand;

struct hand_box {
    struct sp_sandbox sandbox; /* first */
    struct hand *hand;
    bool killed, ended, loaded, read_off;
    bool counts_cpu;
    uint64_t cpu_us;
    unsigned n_writes;
};

struct hand {
    const char *name;
    bool fails_to_open, unavailable;
    const int *languages;
    size_t n_languages;
    int prepare_status, load_status; /* what the functions answer */
    enum sp_fit fit;
    struct sp_adapter_config config;
    struct hand_box *boxes[64]; /* in the order they were made; NULL: released */
    unsigned n_boxes, n_alive;
    bool open;
};

static const int hand_python[] = {SP_LANGUAGE_PYTHON};
static struct hand hands[2];

static inline int hand_open(
    struct hand *hand, const struct sp_adapter_config *config, struct sp_adapter **ret_adapter, struct sp_error *error)
{
    if (hand->fails_to_open)
        return sp_error_set(error, SP_EINTERNAL, "the hand is broken");
    hand->config = *config;
    hand->open = true;
    *ret_adapter = (struct sp_adapter *)hand;
    return 0;
}

static int hand_open_first(const struct sp_adapter_config *config, struct sp_adapter **ret, struct sp_error *error)
{
    return hand_open(&hands[0], config, ret, error);
}

static int hand_open_second(const struct sp_adapter_config *config, struct sp_adapter **ret, struct sp_error *error)
{
    return hand_open(&hands[1], config, ret, error);
}

static void hand_close(struct sp_adapter *adapter, void (*closed)(void *context), void *context)
{
    struct hand *hand = (struct hand *)adapter;
    cr_assert_eq(hand->n_alive, 0, "closed before its sandboxes were released");
    hand->open = false;
    closed(context);
}

static void hand_describe(const struct sp_adapter *adapter, struct sp_runtime_info *ret_info)
{
    const struct hand *hand = (const struct hand *)adapter;
    *ret_info = (struct sp_runtime_info){.name = hand->name,
        .available = !hand->unavailable,
        .reason = hand->unavailable ? "tied" : NULL,
        .isolation = "trust",
        .languages = hand->languages,
        .n_languages = hand->n_languages};
}

static int hand_prepare(struct sp_adapter *adapter, const struct sp_sandbox_key *key, struct sp_sandbox **ret_sandbox,
    struct sp_error *error)
{
    struct hand *hand = (struct hand *)adapter;
    if (hand->prepare_status < 0)
        return sp_error_set(error, hand->prepare_status, "not now");
    cr_assert_lt(hand->n_boxes, 64);
    struct hand_box *box = calloc(1, sizeof *box);
    box->hand = hand;
    box->sandbox.adapter = adapter;
    box->sandbox.key = *key;
    box->sandbox.made_ms = uv_now(hand->config.runtimes->loop);
    hand->boxes[hand->n_boxes++] = box;
    hand->n_alive++;
    *ret_sandbox = &box->sandbox;
    return 0;
}

static enum sp_fit hand_fit(
    const struct sp_adapter *adapter, const struct sp_limits *made, const struct sp_limits *wanted)
{
    return made->disk_bytes == wanted->disk_bytes ? ((const struct hand *)adapter)->fit : SP_FIT_COLD;
}

static int hand_load(struct sp_sandbox *sandbox, const struct sp_sandbox_spec *spec, struct sp_error *error)
{
    struct hand_box *box = (struct hand_box *)sandbox;
    (void)spec;
    cr_assert_not(box->loaded, "loaded twice");
    box->loaded = true;
    if (box->hand->load_status < 0)
        return sp_error_set(error, box->hand->load_status, "no");
    return box->hand->load_status;
}

static uint32_t hand_limit_flags(const struct sp_adapter *adapter)
{
    (void)adapter;
    return 0;
}

static bool hand_cpu_us(struct sp_sandbox *sandbox, uint64_t *ret_cpu_us)
{
    const struct hand_box *box = (struct hand_box *)sandbox;
    *ret_cpu_us = box->cpu_us;
    return box->counts_cpu;
}

static int hand_write(struct sp_sandbox *sandbox, uint8_t *bytes, size_t n_bytes)
{
    (void)n_bytes;
    free(bytes);
    ((struct hand_box *)sandbox)->n_writes++;
    return 0;
}

static void hand_read(struct sp_sandbox *sandbox, bool on)
{
    ((struct hand_box *)sandbox)->read_off = !on;
}

static void hand_kill(struct sp_sandbox *sandbox)
{
    ((struct hand_box *)sandbox)->killed = true;
}

static void hand_release(struct sp_sandbox *sandbox)
{
    struct hand_box *box = (struct hand_box *)sandbox;
    cr_assert(box->ended, "released before its end");
    for (unsigned i = 0; i < box->hand->n_boxes; i++)
        if (box->hand->boxes[i] == box)
            box->hand->boxes[i] = NULL;
    box->hand->n_alive--;
    free(box);
}

#define HAND_OPS(name_, open_)                                                                                         \
    {                                                                                                                  \
        .name = name_, .open = open_, .close = hand_close, .describe = hand_describe, .prepare = hand_prepare,         \
        .fit = hand_fit, .load = hand_load, .limit_flags = hand_limit_flags, .cpu_us = hand_cpu_us,                    \
        .write = hand_write, .read = hand_read, .kill = hand_kill, .release = hand_release,                            \
    }
static const struct sp_runtime_ops hand_ops[] = {
    HAND_OPS("left", hand_open_first), HAND_OPS("right", hand_open_second)};
static const struct sp_runtime_ops *const hand_table[] = {&hand_ops[0], &hand_ops[1]};

/* ---- playing ---- */

static inline void hand_say(struct hand_box *box, struct sp_runner_event event)
{
    box->sandbox.events->frame(&box->sandbox, &event);
}

static inline void hand_ready(struct hand_box *box)
{
    hand_say(box, (struct sp_runner_event){.type = SP_RUNNER_READY});
}

static inline void hand_out(struct hand_box *box, const char *text)
{
    hand_say(box, (struct sp_runner_event){.type = SP_RUNNER_STDOUT, .bytes = sp_str_of(text)});
}

static inline void hand_exit(struct hand_box *box, uint32_t code, uint32_t signal)
{
    hand_say(
        box, (struct sp_runner_event){
                 .type = SP_RUNNER_EXIT, .exit_code = code, .signal = signal, .cpu_us = 5000, .max_rss_bytes = 77});
}

/* The pointer is dead afterwards, where its owner releases it at once. */
static inline void hand_end(struct hand_box *box, uint64_t oom_kills, const char *complaint)
{
    box->ended = true;
    box->sandbox.events->ended(&box->sandbox,
        &(struct sp_sandbox_end){
            .oom_kills = oom_kills, .cpu_us = 9000, .max_rss_bytes = 99, .complaint = complaint ? complaint : ""});
}

/* ---- the set on a loop of its own ---- */

static uv_loop_t hand_loop;
static struct sp_runtimes *hand_set;
static struct sp_runtimes_config hand_config;
static unsigned hand_n_closed;

/* Fresh hands and a configuration, which a test may change before it opens. */
static inline void hand_set_up(void)
{
    cr_assert_eq(uv_loop_init(&hand_loop), 0);
    for (int i = 0; i < 2; i++)
        hands[i] = (struct hand){.name = hand_ops[i].name,
            .languages = hand_python,
            .n_languages = 1,
            .load_status = SP_ADAPTER_DONE,
            .fit = SP_FIT_AS_IS};
    hand_config = (struct sp_runtimes_config){.loop = &hand_loop,
        .bubblewrap.spawner_fd = -1,
        .sandboxes_max = 8,
        .memory_total_bytes = 8ull << 30,
        .queue_max = 8,
        .limits = sp_limits_default(),
        .pool = {.when_empty = SP_POOL_EMPTY_TEMPORARY}};
}

static inline void hand_open_set(size_t n_runtimes)
{
    struct sp_error error = {0};
    cr_assert_eq(sp_set_open(&hand_config, hand_table, n_runtimes, &hand_set, &error), 0, "%s", error.text);
}

static inline void hand_on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* Lets the loop do what it does within so many milliseconds. */
static inline void hand_turn(uint64_t ms)
{
    uv_timer_t tick;
    uint64_t until = uv_hrtime() + ms * 1000000;
    uv_timer_init(&hand_loop, &tick);
    do {
        uv_timer_start(&tick, hand_on_tick, 1, 0);
        uv_run(&hand_loop, UV_RUN_ONCE);
    } while (uv_hrtime() < until);
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&hand_loop, UV_RUN_NOWAIT);
}

/* For what comes with time, on a machine that may be busy. */
#define HAND_UNTIL(condition)                                                                                          \
    do {                                                                                                               \
        for (int hand_i_ = 0; hand_i_ < 500 && !(condition); hand_i_++)                                                \
            hand_turn(10);                                                                                             \
        cr_assert(condition);                                                                                          \
    } while (0)

/* Ends those that were killed. How many. */
static inline unsigned hand_bury(void)
{
    unsigned n = 0;
    for (int i = 0; i < 2; i++)
        for (unsigned k = 0; k < hands[i].n_boxes; k++)
            if (hands[i].boxes[k] && hands[i].boxes[k]->killed && !hands[i].boxes[k]->ended) {
                hand_end(hands[i].boxes[k], 0, NULL);
                n++;
            }
    return n;
}

static inline void hand_on_closed(void *context)
{
    (void)context;
    hand_n_closed++;
}

static inline void hand_tear_down(void)
{
    if (hand_set) {
        hand_n_closed = 0;
        sp_runtimes_close(hand_set, hand_on_closed, NULL);
        for (int i = 0; i < 100 && !hand_n_closed; i++) {
            hand_turn(1);
            hand_bury();
        }
        cr_assert_eq(hand_n_closed, 1);
        cr_assert_not(hands[0].open);
        cr_assert_not(hands[1].open);
    }
    hand_set = NULL;
    uv_run(&hand_loop, UV_RUN_DEFAULT);
    cr_assert_eq(uv_loop_close(&hand_loop), 0);
}

/* ---- a run ---- */

struct hand_run {
    struct sp_run run; /* data: this */
    struct sp_sandbox_spec spec;
    struct sp_run_result result;
    struct sp_error error;
    bool cancels_when_started;
    unsigned n_started, n_done, n_results;
    char out[256];
    size_t n_out;
};

static inline void hand_on_output(struct sp_run *run, enum sp_run_stream stream, const uint8_t *bytes, size_t n_bytes)
{
    struct hand_run *mine = run->data;
    (void)stream;
    cr_assert_eq(mine->n_started, 1, "output before the hand-over");
    cr_assert_lt(mine->n_out + n_bytes, sizeof mine->out);
    memcpy(mine->out + mine->n_out, bytes, n_bytes);
    mine->n_out += n_bytes;
}

static inline void hand_on_started(struct sp_run *run)
{
    struct hand_run *mine = run->data;
    mine->n_started++;
    if (mine->cancels_when_started)
        sp_run_cancel(run);
}

static inline void hand_on_done(struct sp_run *run, const struct sp_run_result *result, const struct sp_error *error)
{
    struct hand_run *mine = run->data;
    mine->n_done++;
    mine->n_results += result != NULL;
    if (result)
        mine->result = *result;
    else
        mine->error = *error;
}

/* Which a test may change before it starts it. */
static inline struct hand_run hand_run_of(const char *code)
{
    return (struct hand_run){
        .run = {.output = hand_on_output, .started = hand_on_started, .done = hand_on_done},
        .spec = {.language = SP_LANGUAGE_PYTHON, .code = sp_str_of(code), .limits = sp_limits_default()},
    };
}

static inline int hand_start(struct hand_run *run)
{
    run->run.data = run;
    int status = sp_run_start(hand_set, &run->run, &run->spec, &run->error);
    cr_assert_eq(run->n_done, 0, "called back before it returned");
    return status;
}

#endif
