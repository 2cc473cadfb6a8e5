/* The table of sandboxes, with real bubblewrap on a real stage, in place of the spawner's loop. Its runner is cat: it lives
 * as long as its stream, and gives back what it gets. Where the machine has no namespaces to give, that part is skipped. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/clock.h"
#include "proto/scope.h"
#include "runtimes/bwrap_argv.h"
#include "runtimes/filter.h"
#include "runtimes/slot.h"
#include "runtimes/stage.h"

static char state_dir[] = "/tmp/sallyport-slot-XXXXXX";
static struct sp_spawner_setup setup = {
    .runner = "/usr/bin/cat", .bwrap = "/usr/bin/bwrap", .instance = "00112233445566778899aabbccddeeff", .n_slots = 2};
static struct sp_cgroup cgroup = {.version = SP_CGROUP_NONE};
static struct sp_slot_lease lease;
static struct sp_stage stage = {.state = -1, .codes = -1};
static struct sp_slots slots;
static int epoll_fd, filter_fd, ours[8], errors[8];

static void set_up(void)
{
    struct sp_error error = {0};
    for (int part = 0; part < SP_CGROUP_PARTS; part++)
        cgroup.parents[part] = cgroup.instances[part] = -1;
    cr_assert(mkdtemp(state_dir));
    /* As the spawner is: a stray of bubblewrap becomes its child. */
    cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    setup.service_uid = geteuid();
    setup.service_gid = getegid();
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    filter_fd = memfd_create("filter", MFD_CLOEXEC);
    sp_cleanup(sp_free_ptr) uint8_t *filter = NULL;
    size_t n_filter;
    cr_assert_eq(sp_filter_build(SP_FILTER_RUNNER, false, &filter, &n_filter, &error), 0, "%s", error.text);
    cr_assert_eq(write(filter_fd, filter, n_filter), (ssize_t)n_filter);
    cr_assert_eq(sp_slot_lease_init(&lease, "", 0, 0, 0, setup.n_slots, &error), 0, "%s", error.text);
    cr_assert_eq(sp_slots_init(&slots, &setup, &cgroup, &lease, epoll_fd, filter_fd, &error), 0, "%s", error.text);
}

static void tear_down(void)
{
    sp_slots_fini(&slots);
    sp_slot_lease_fini(&lease);
    sp_stage_fini(&stage);
    cr_assert_eq(rmdir(state_dir), 0);
}

TestSuite(slot, .init = set_up, .fini = tear_down);

static void lay_stage(void)
{
    struct sp_error error = {0};
    char code[17];
    snprintf(setup.state_dir, sizeof setup.state_dir, "%s", state_dir);
    if (sp_stage_init(&setup, &stage, &error) < 0) {
        rmdir(state_dir);
        cr_skip_test("%s", error.text);
    }
    for (unsigned id = 1; id < 8; id++) {
        sp_bwrap_argv_code_name(id, code, sizeof code);
        cr_assert_eq(mkdirat(stage.codes, code, 0755), 0);
    }
}

static int add(uint64_t id)
{
    int ends[2], pipes[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    cr_assert_eq(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
    ours[id % 8] = ends[0];
    errors[id % 8] = pipes[0];
    struct sp_spawner_request request = {.op = SP_SPAWNER_START,
        .id = id,
        .memory_bytes = 64 << 20,
        .pids = 16,
        .cpu_milli = 1000,
        .disk_bytes = 1 << 20,
        .inodes = 64};
    return sp_slots_add(&slots, &request, ends[1], pipes[1]);
}

static size_t last_n_fds; /* that came with the last event */

/* Turns as the spawner does until there is something to say, and says it. False: nothing in so many milliseconds. */
static bool next_event(int ms, struct sp_spawner_event *ret_event)
{
    for (uint64_t until = sp_clock_ms() + (uint64_t)ms;;) {
        struct epoll_event events[8];
        uint32_t cursor = 0;
        int fds[SP_SPAWNER_FDS_MAX], n = epoll_wait(epoll_fd, events, 8, 2);
        for (int i = 0; i < n; i++)
            sp_slots_read_info(&slots, (uint32_t)(events[i].data.u64 - 1));
        sp_slots_reap(&slots);
        sp_slots_tick(&slots);
        if (sp_slots_next_event(&slots, &cursor, ret_event, fds)) {
            last_n_fds = 0;
            for (size_t i = 0; i < SP_SPAWNER_FDS_MAX; i++)
                last_n_fds += fds[i] >= 0;
            sp_spawner_wire_close(fds);
            sp_slots_said(&slots, cursor, ret_event);
            return true;
        }
        if (sp_clock_ms() >= until)
            return false;
    }
}

static void cr_assert_event(uint32_t op, uint64_t id)
{
    struct sp_spawner_event event;
    cr_assert(next_event(10000, &event), "nothing is said");
    cr_assert_eq(event.op, op, "%u of %lu: %s", event.op, (unsigned long)event.id, event.text);
    cr_assert_eq(event.id, id);
}

static void cr_assert_silent(void)
{
    struct sp_spawner_event event;
    cr_assert_not(next_event(20, &event));
    cr_assert_eq(slots.n_busy, 0);
}

Test(slot, refuses_ids_that_are_none_or_in_use_and_more_than_there_are)
{
    cr_assert_eq(add(0), SP_EPROTOCOL);
    cr_assert_eq(add(1), 0);
    cr_assert_eq(add(1), SP_EPROTOCOL);
    for (uint64_t id = 2; id <= 2 * setup.n_slots; id++)
        cr_assert_eq(add(id), 0);
    cr_assert_eq(add(7), SP_EPROTOCOL);
    char byte;
    cr_assert_eq(read(ours[7], &byte, 1), 0, "its descriptors are closed");
    sp_slots_kill_all(&slots);
    for (uint64_t id = 1; id <= 2 * setup.n_slots; id++)
        cr_assert_event(SP_SPAWNER_ENDED, id);
    cr_assert_silent();
    cr_assert_eq(add(1), 0, "there is room again");
    sp_slots_kill(&slots, 1);
    cr_assert_event(SP_SPAWNER_ENDED, 1);
}

Test(slot, one_that_was_killed_in_the_queue_never_starts)
{
    cr_assert_eq(add(1), 0);
    sp_slots_kill(&slots, 1);
    sp_slots_kill(&slots, 1);
    cr_assert_not(sp_slots_start_one(&slots));
    cr_assert_event(SP_SPAWNER_ENDED, 1);
    char byte;
    cr_assert_eq(read(ours[1], &byte, 1), 0);
    cr_assert_silent();
}

Test(slot, orders_for_what_has_ended_are_ignored)
{
    sp_slots_kill(&slots, 5);
    sp_slots_lower(&slots, &(struct sp_spawner_request){.op = SP_SPAWNER_LOWER, .id = 5});
    cr_assert_silent();
}

Test(slot, what_cannot_be_made_ends_with_its_complaint)
{
    char text[200] = "";
    /* There is no stage here to mount on. */
    cr_assert_eq(add(1), 0);
    sp_slots_start_one(&slots);
    cr_assert_event(SP_SPAWNER_ENDED, 1);
    cr_assert_gt(read(errors[1], text, sizeof text - 1), 0);
    cr_assert(strstr(text, "sandbox: E"), "%s", text);
    cr_assert_silent();
    cr_assert_eq(lease.n_held, 0);
}

Test(slot, lives_until_it_is_killed)
{
    lay_stage();
    char word[8] = "";
    cr_assert_eq(add(1), 0);
    cr_assert_not(sp_slots_start_one(&slots));
    cr_assert_event(SP_SPAWNER_STARTED, 1);
    cr_assert_eq(last_n_fds, 1, "the pidfd of PID 1");
    cr_assert_eq(write(ours[1], "word", 4), 4);
    cr_assert_eq(read(ours[1], word, 4), 4, "it does not live");
    cr_assert_str_eq(word, "word");
    cr_assert_eq(lease.n_held, 1);
    sp_slots_kill(&slots, 1);
    cr_assert_event(SP_SPAWNER_ENDED, 1);
    cr_assert_eq(read(ours[1], word, 4), 0);
    cr_assert_eq(lease.n_held, 0);
    cr_assert_silent();
}

Test(slot, ends_by_itself_with_its_stream)
{
    lay_stage();
    cr_assert_eq(add(1), 0);
    sp_slots_start_one(&slots);
    cr_assert_event(SP_SPAWNER_STARTED, 1);
    shutdown(ours[1], SHUT_WR);
    cr_assert_event(SP_SPAWNER_ENDED, 1);
    cr_assert_silent();
}

Test(slot, killed_while_it_starts_it_still_ends)
{
    lay_stage();
    for (uint64_t id = 1; id < 8; id++) {
        struct sp_spawner_event event;
        cr_assert_eq(add(id), 0);
        sp_slots_start_one(&slots);
        usleep((useconds_t)(1500 * (id - 1))); /* from before exec to behind the announcement of PID 1 */
        sp_slots_kill(&slots, id);
        cr_assert(next_event(10000, &event));
        if (event.op == SP_SPAWNER_STARTED)
            cr_assert(next_event(10000, &event));
        cr_assert_eq(event.op, SP_SPAWNER_ENDED);
        char byte;
        cr_assert_eq(read(ours[id], &byte, 1), 0, "somebody holds its stream");
    }
    cr_assert_silent();
}

Test(slot, starts_no_more_than_there_are_uids_and_the_oldest_first)
{
    lay_stage();
    for (uint64_t id = 4; id > 0; id--)
        cr_assert_eq(add(id), 0);
    cr_assert(sp_slots_start_one(&slots));
    cr_assert_event(SP_SPAWNER_STARTED, 1);
    cr_assert(sp_slots_start_one(&slots));
    cr_assert_event(SP_SPAWNER_STARTED, 2);
    cr_assert_not(sp_slots_start_one(&slots));
    cr_assert_eq(slots.n_queued, 2);
    cr_assert_geq(sp_slots_timeout_ms(&slots), 0, "nobody would look again");
    sp_slots_kill(&slots, 1);
    cr_assert_event(SP_SPAWNER_ENDED, 1);
    sp_slots_start_one(&slots);
    cr_assert_event(SP_SPAWNER_STARTED, 3);
    sp_slots_kill_all(&slots);
    for (int i = 0; i < 3; i++) {
        struct sp_spawner_event event;
        cr_assert(next_event(10000, &event));
        cr_assert_eq(event.op, SP_SPAWNER_ENDED);
    }
    cr_assert_silent();
}

Test(slot, limits_are_lowered_and_never_raised)
{
    lay_stage();
    struct sp_spawner_event event;
    struct sp_spawner_request lower = {
        .op = SP_SPAWNER_LOWER, .id = 1, .memory_bytes = 32 << 20, .pids = 8, .cpu_milli = 500};
    cr_assert_eq(add(1), 0);
    sp_slots_start_one(&slots);
    cr_assert_event(SP_SPAWNER_STARTED, 1);
    sp_slots_lower(&slots, &lower);
    cr_assert(next_event(1000, &event));
    cr_assert_eq(event.op, SP_SPAWNER_LOWERED);
    cr_assert_eq(event.positive_errno, 0);
    lower.pids = 9;
    sp_slots_lower(&slots, &lower);
    cr_assert(next_event(1000, &event));
    cr_assert_eq(event.op, SP_SPAWNER_LOWERED);
    cr_assert_neq(event.positive_errno, 0);
    sp_slots_kill(&slots, 1);
    cr_assert_event(SP_SPAWNER_ENDED, 1);
}

/* Where nothing holds their share, each is bound to its number of processors, one behind the other. */
Test(slot, without_a_control_group_a_sandbox_is_bound_to_so_many_processors)
{
    lay_stage();
    cpu_set_t all, bound[2];
    cr_assert_eq(sched_getaffinity(0, sizeof all, &all), 0);
    for (uint64_t id = 1; id <= 2; id++) {
        cr_assert_eq(add(id), 0);
        sp_slots_start_one(&slots);
        cr_assert_event(SP_SPAWNER_STARTED, id);
        cr_assert_eq(sched_getaffinity(slots.slots[id - 1].init, sizeof bound[0], &bound[id - 1]), 0);
        cr_assert_eq(CPU_COUNT(&bound[id - 1]), 1);
    }
    cr_assert(CPU_COUNT(&all) == 1 || !CPU_EQUAL(&bound[0], &bound[1]), "both are bound to one");
    sp_slots_kill_all(&slots);
    struct sp_spawner_event event;
    cr_assert(next_event(10000, &event));
    cr_assert(next_event(10000, &event));
    cr_assert_silent();
}
