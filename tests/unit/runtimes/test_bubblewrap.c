/* The adapter of bubblewrap before a spawner that is played by hand: it is asked for sandboxes and makes none. A thread plays
 * it while the adapter is opened, which blocks. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/clock.h"
#include "runtimes/adapter.h"
#include "runtimes/spawner_wire.h"

enum { INSTANCE_BYTES = 33 };

static uv_loop_t loop;
static struct sp_runtimes_config config;
static struct sp_adapter *adapter;
static char folder[64];
static int theirs;        /* the spawner's end */
static int stream = -1;   /* the runner's end of the sandbox that was asked for last */
static bool ends_at_once; /* the first sandbox is the spawner's death */
static unsigned n_ended, n_room;
static bool closed;

static void on_room(void *context)
{
    (void)context;
    n_room++;
}

static const struct sp_adapter_config adapter_config = {.runtimes = &config, .room = on_room};

static void say_ready(void)
{
    uint8_t bytes[64];
    struct sp_runner_pack pack;
    sp_runner_pack_init(&pack, bytes, sizeof bytes);
    sp_runner_pack_empty(&pack, SP_RUNNER_READY);
    cr_assert_eq(write(stream, bytes, pack.n_bytes), (ssize_t)pack.n_bytes);
}

/* The next request; the stream is kept. */
static struct sp_spawner_request hear(void)
{
    struct sp_spawner_request request = {0};
    int fds[SP_SPAWNER_FDS_MAX];
    struct pollfd look = {.fd = theirs, .events = POLLIN};
    cr_assert_eq(poll(&look, 1, 5000), 1);
    cr_assert_eq(sp_spawner_wire_receive(theirs, &request, sizeof request, fds), (ssize_t)sizeof request);
    if (request.op == SP_SPAWNER_START) {
        stream = fds[0];
        fds[0] = -1;
    }
    sp_spawner_wire_close(fds);
    return request;
}

static void say_ended(uint64_t id)
{
    const struct sp_spawner_event event = {.op = SP_SPAWNER_ENDED, .id = id};
    cr_assert_eq(sp_spawner_wire_send(theirs, &event, sizeof event, (int[SP_SPAWNER_FDS_MAX]){-1, -1, -1}), 0);
}

static void *play(void *unused)
{
    struct sp_spawner_request request;
    while ((request = hear()).op == SP_SPAWNER_START && !ends_at_once)
        say_ready();
    if (request.op == SP_SPAWNER_KILL)
        say_ended(request.id);
    else
        close(theirs);
    close(stream);
    stream = -1;
    return unused;
}

static void set_up(void)
{
    static char instance[INSTANCE_BYTES] = "0123456789abcdef0123456789abcdef";
    int ends[2];
    char path[128];
    struct sp_error error = {0};
    /* A session of nobody's. */
    const struct sp_spawner_hello hello = {.version = SP_SPAWNER_WIRE_VERSION,
        .size_bytes = sizeof hello,
        .available = true,
        .memory_by = SP_SPAWNER_BY_WATCHDOG};
    strcpy(folder, "/tmp/sp_bubblewrap_XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%s", folder, instance);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_eq(uv_loop_init(&loop), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    theirs = ends[1];
    cr_assert_eq(send(theirs, &hello, sizeof hello, 0), (ssize_t)sizeof hello);
    config = (struct sp_runtimes_config){
        .loop = &loop,
        .sandboxes_max = 4,
        .memory_total_bytes = 1ull << 30,
        .limits = sp_limits_default(),
        .bubblewrap = {.spawner_fd = ends[0], .instance = instance, .state_dir = folder},
    };
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, play, NULL), 0);
    cr_assert_eq(sp_bubblewrap_ops.open(&adapter_config, &adapter, &error), 0, "%s", error.text);
    cr_assert_eq(pthread_join(thread, NULL), 0);
}

static void set_up_for_a_death(void)
{
    ends_at_once = true;
    set_up();
}

static void on_closed(void *context)
{
    (void)context;
    closed = true;
}

static void tear_down(void)
{
    char command[160];
    sp_bubblewrap_ops.close(adapter, on_closed, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    cr_assert(closed);
    cr_assert_eq(uv_loop_close(&loop), 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

static int on_frame(void *context, const struct sp_runner_event *event)
{
    (void)context;
    (void)event;
    return 0;
}

static void on_end(struct sp_sandbox *sandbox, const struct sp_sandbox_end *end)
{
    (void)end;
    n_ended++;
    sp_bubblewrap_ops.release(sandbox);
}

static const struct sp_sandbox_events events = {.frame = on_frame, .ended = on_end};

static struct sp_sandbox *ask(void)
{
    struct sp_sandbox *sandbox = NULL;
    struct sp_error error = {0};
    struct sp_runtime_info info;
    sp_bubblewrap_ops.describe(adapter, &info);
    cr_assert(info.available, "%s", info.reason);
    const struct sp_sandbox_key key = {.language = info.languages[0], .limits = config.limits};
    cr_assert_eq(sp_bubblewrap_ops.prepare(adapter, &key, &sandbox, &error), 0, "%s", error.text);
    sandbox->events = &events;
    cr_assert_eq(hear().op, SP_SPAWNER_START);
    return sandbox;
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* The time that it took until they had ended, or wait_ms. */
static uint64_t turn_until_ended(unsigned n, uint64_t wait_ms)
{
    uv_timer_t tick;
    uint64_t began = sp_clock_ms();
    uv_timer_init(&loop, &tick);
    uv_timer_start(&tick, on_tick, 5, 5);
    while (n_ended < n && sp_clock_ms() - began < wait_ms)
        uv_run(&loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&tick, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    return sp_clock_ms() - began;
}

static void expect_unavailable(void)
{
    struct sp_runtime_info info;
    struct sp_sandbox *sandbox;
    struct sp_sandbox_key key = {.limits = config.limits};
    sp_bubblewrap_ops.describe(adapter, &info);
    cr_assert_not(info.available);
    cr_assert_not_null(strstr(info.reason, "the spawner has ended"), "%s", info.reason);
    cr_assert_eq(sp_bubblewrap_ops.prepare(adapter, &key, &sandbox, NULL), SP_ERUNTIME_UNAVAILABLE);
}

Test(bubblewrap, a_spawner_that_ends_while_it_is_tried_is_told_of, .init = set_up_for_a_death, .fini = tear_down)
{
    expect_unavailable();
}

/* As one that bubblewrap was just making holds it: nobody closes the stream. */
Test(bubblewrap, what_a_dead_spawner_was_making_is_not_waited_for, .init = set_up, .fini = tear_down)
{
    ask();
    int first = stream;
    ask();
    close(theirs);
    uint64_t took_ms = turn_until_ended(2, 10000);
    cr_assert_eq(n_ended, 2);
    cr_assert_geq(took_ms, 500);
    cr_assert_gt(n_room, 0);
    expect_unavailable();
    close(first);
    close(stream);
}

Test(bubblewrap, what_a_dead_spawner_had_made_ends_with_its_stream, .init = set_up, .fini = tear_down)
{
    ask();
    say_ready();
    uv_run(&loop, UV_RUN_NOWAIT);
    close(theirs);
    turn_until_ended(1, 1500);
    cr_assert_eq(n_ended, 0, "what it does is not known");
    close(stream);
    turn_until_ended(1, 10000);
    cr_assert_eq(n_ended, 1);
}

Test(bubblewrap, too_many_that_have_not_ended_are_waited_for, .init = set_up, .fini = tear_down)
{
    struct sp_runtime_info info;
    struct sp_sandbox *sandbox;
    uint64_t id = 2; /* the one that was tried had the first */
    unsigned n = 0;
    sp_bubblewrap_ops.describe(adapter, &info);
    const struct sp_sandbox_key key = {.language = info.languages[0], .limits = config.limits};
    for (; sp_bubblewrap_ops.prepare(adapter, &key, &sandbox, NULL) == 0; n++) {
        sandbox->events = &events;
        cr_assert_eq(hear().op, SP_SPAWNER_START);
        close(stream);
    }
    cr_assert_eq(n, config.sandboxes_max + SP_SPAWNER_SPARE_SLOTS);
    cr_assert_eq(n_room, 0);
    say_ended(id);
    turn_until_ended(1, 10000);
    cr_assert_eq(n_room, 1);
    for (unsigned i = 1; i < n; i++)
        say_ended(++id);
    turn_until_ended(n, 10000);
    cr_assert_eq(n_ended, n);
    close(theirs);
}
