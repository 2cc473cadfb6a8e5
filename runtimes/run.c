/* One run, the same for every adapter: once it has a sandbox (run_queue.c) it is handed over, watched, ends, and is told
 * how. Loop thread; the state is the runtimes' own and outlives the caller's struct by the closing of its timer. */
#include "runtimes/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/scope.h"
#include "runtimes/handover.h"
#include "runtimes/set.h"

#define LINGER_MS 1000 /* from the exit frame until what does not leave is killed */
#define CPU_MS    50   /* between two looks at what processor time is left, at least */

/* ---- the end ---- */

static void on_timer_closed(uv_handle_t *handle)
{
    struct sp_run_state *state = handle->data;
    sp_artifact_list_fini(&state->artifacts);
    free(state);
}

static void tell_done(struct sp_run_state *state, const struct sp_run_result *result, const struct sp_error *error)
{
    struct sp_run *run = state->run;
    uv_close((uv_handle_t *)&state->timer, on_timer_closed);
    run->state = NULL;
    run->done(run, result, error);
}

void sp_run_fail(struct sp_run_state *state, const struct sp_error *error)
{
    sp_run_queue_remove(&state->runtimes->queue, state);
    tell_done(state, NULL, error);
}

static void explain(struct sp_run_state *state, const struct sp_sandbox_end *end)
{
    if (state->cancelled)
        state->error = (struct sp_error){0}, sp_error_set(&state->error, SP_ECANCELLED, NULL);
    else if (end->oom_kills)
        sp_error_set(&state->error, SP_EINVALID_REQUEST, "limits.memory_bytes is too small for the interpreter");
    else if (end->complaint[0])
        sp_error_set(&state->error, SP_ERUNTIME_UNAVAILABLE, "%s: %s", state->row->ops->name, end->complaint);
    else
        sp_error_set(&state->error, SP_ERUNTIME_UNAVAILABLE, "%s: the sandbox ended by itself", state->row->ops->name);
}

static void fill_result(struct sp_run_state *state, const struct sp_sandbox_end *end)
{
    struct sp_run_result *result = &state->result;
    state->facts.oom_kills = end->oom_kills;
    sp_outcome_judge(&state->facts, result);
    result->run_ms = (double)(uv_hrtime() - state->handed_ns) / 1e6;
    result->wall_ms = (uint64_t)result->run_ms;
    result->start_ms = (double)(state->handed_ns - state->submitted_ns) / 1e6;
    result->cpu_ms = (state->facts.has_exit ? state->facts.exit.cpu_us : end->cpu_us) / 1000;
    result->max_rss_bytes = state->facts.has_exit ? state->facts.exit.max_rss_bytes : end->max_rss_bytes;
    result->warm = state->warm;
    result->runtime = state->row->ops->name;
    result->artifacts = sp_artifact_list_finish(&state->artifacts, &result->n_artifacts);
    result->artifacts_truncated |= state->artifacts.cut;
}

static void on_ended(struct sp_sandbox *sandbox, const struct sp_sandbox_end *end)
{
    struct sp_run_state *state = sandbox->owner;
    struct sp_runtimes *runtimes = state->runtimes;
    sp_run_queue_remove(&runtimes->active, state);
    if (state->handed_over && !state->refused) {
        fill_result(state, end);
        runtimes->stats.lost += state->result.outcome == SP_OUTCOME_LOST;
        runtimes->stats.killed += state->facts.kill != SP_KILL_NONE;
        tell_done(state, &state->result, NULL);
    } else {
        explain(state, end);
        tell_done(state, NULL, &state->error);
    }
    sp_set_release(runtimes, state->row, sandbox);
}

/* The cause counts only while the program has not ended by itself. */
static void kill_run(struct sp_run_state *state, enum sp_kill_cause cause)
{
    if (state->facts.kill == SP_KILL_NONE && !state->facts.has_exit)
        state->facts.kill = cause;
    state->step = SP_RUN_ENDING;
    uv_timer_stop(&state->timer);
    state->row->ops->kill(state->sandbox);
}

/* ---- from a sandbox to the hand-over ---- */

static void on_linger_over(uv_timer_t *timer)
{
    kill_run(timer->data, SP_KILL_TIMED_OUT);
}

static void watch(struct sp_run_state *state);

static void on_watch(uv_timer_t *timer)
{
    watch(timer->data);
}

/* Until the deadline, or until the processor time could be used up, since it grows no faster than the limit of processors
 * lets it: one that cannot use it up before its deadline is never looked at. */
static void watch(struct sp_run_state *state)
{
    const struct sp_limits *limits = &state->spec->limits;
    uint64_t now = uv_now(state->runtimes->config.loop), used_us;
    if (now >= state->deadline_ms) {
        kill_run(state, SP_KILL_TIMED_OUT);
        return;
    }
    uint64_t wait_ms = state->deadline_ms - now;
    if (state->counts_cpu && state->row->ops->cpu_us(state->sandbox, &used_us)) {
        uint64_t used_ms = used_us > state->cpu_before_us ? (used_us - state->cpu_before_us) / 1000 : 0;
        if (used_ms >= limits->cpu_ms) {
            kill_run(state, SP_KILL_CPU_TIME);
            return;
        }
        uint64_t cpu_wait_ms = (limits->cpu_ms - used_ms) * 1000 / limits->cpu_milli;
        cpu_wait_ms = cpu_wait_ms > CPU_MS ? cpu_wait_ms : CPU_MS;
        wait_ms = cpu_wait_ms < wait_ms ? cpu_wait_ms : wait_ms;
    }
    uv_timer_start(&state->timer, on_watch, wait_ms, 0);
}

static void start_watch(struct sp_run_state *state)
{
    const struct sp_limits *limits = &state->spec->limits;
    uv_update_time(state->runtimes->config.loop);
    state->deadline_ms = uv_now(state->runtimes->config.loop) + limits->wall_ms;
    state->counts_cpu = limits->cpu_milli && limits->cpu_ms * 1000 < limits->wall_ms * limits->cpu_milli &&
                        state->row->ops->cpu_us(state->sandbox, &state->cpu_before_us);
    watch(state);
}

static void give_up_start(struct sp_run_state *state, int code, const char *text)
{
    sp_error_set(&state->error, code, "%s: %s", state->row->ops->name, text);
    kill_run(state, SP_KILL_BROKEN);
}

static void on_start_deadline(uv_timer_t *timer)
{
    give_up_start(timer->data, SP_ERUNTIME_UNAVAILABLE, "the sandbox does not become ready");
}

static void hand_over(struct sp_run_state *state)
{
    struct sp_run *run = state->run;
    uint8_t *bytes;
    size_t n_bytes;
    const struct sp_runtime_ops *ops = state->row->ops;
    int status = sp_handover_pack_run(state->spec, &state->sandbox->key.limits, ops->limit_flags(state->row->adapter),
        &bytes, &n_bytes, &state->error);
    if (status < 0) {
        kill_run(state, SP_KILL_BROKEN);
        return;
    }
    if (run->started)
        run->started(run);
    if (state->step != SP_RUN_LOADING) { /* it was cancelled in there */
        free(bytes);
        return;
    }
    state->handed_ns = uv_hrtime();
    state->handed_over = true;
    state->step = SP_RUN_RUNNING;
    state->runtimes->stats.started++;
    *(state->warm ? &state->runtimes->stats.warm_hits : &state->runtimes->stats.cold_starts) += 1;
    start_watch(state);
    if (ops->write(state->sandbox, bytes, n_bytes) < 0)
        kill_run(state, SP_KILL_BROKEN);
    else if (state->paused)
        ops->read(state->sandbox, false);
}

void sp_run_load(struct sp_run_state *state)
{
    state->step = SP_RUN_LOADING;
    int status = state->row->ops->load(state->sandbox, state->spec, &state->error);
    if (status == SP_ADAPTER_DONE)
        hand_over(state);
    else if (status < 0)
        kill_run(state, SP_KILL_BROKEN);
}

void sp_run_adopt(struct sp_run_state *state, struct sp_sandbox *sandbox)
{
    sp_run_queue_remove(&state->runtimes->queue, state);
    sp_run_queue_add(&state->runtimes->active, state);
    sandbox->events = &sp_run_events;
    sandbox->owner = state;
    state->sandbox = sandbox;
    state->step = SP_RUN_STARTING;
    uv_timer_start(&state->timer, on_start_deadline, SP_SET_READY_MS, 0);
}

/* ---- events ---- */

static void take_output(struct sp_run_state *state, enum sp_run_stream stream, struct sp_str bytes)
{
    bool *truncated = stream == SP_RUN_STDOUT ? &state->result.stdout_truncated : &state->result.stderr_truncated;
    size_t n = bytes.n_bytes;
    if (!state->handed_over || n == 0)
        return;
    if (n > state->output_left_bytes) {
        n = (size_t)state->output_left_bytes;
        *truncated = true;
    }
    state->output_left_bytes -= n;
    if (n)
        state->run->output(state->run, stream, (const uint8_t *)bytes.ptr, n);
    if (n < bytes.n_bytes && state->facts.kill == SP_KILL_NONE)
        kill_run(state, SP_KILL_OUTPUT_LIMIT);
}

static void take_exit(struct sp_run_state *state, const struct sp_runner_event *event)
{
    if (!state->handed_over) {
        sp_error_set(
            &state->error, SP_ERUNTIME_UNAVAILABLE, "the interpreter ended before the program was handed over");
        return;
    }
    state->result.artifacts_truncated |= event->artifacts_cut;
    if (state->facts.kill != SP_KILL_NONE)
        return;
    state->facts.has_exit = true;
    state->facts.exit = (struct sp_outcome_exit){event->exit_code, event->signal, event->cpu_us, event->max_rss_bytes};
    state->step = SP_RUN_ENDING;
    uv_timer_start(&state->timer, on_linger_over, LINGER_MS, 0);
}

/* Files come before GO, so a sandbox that they do not fit into never ran anything. */
static void take_failure(struct sp_run_state *state, const struct sp_runner_event *event)
{
    if (state->facts.kill == SP_KILL_NONE)
        state->refused = true;
    if (state->handed_over && event->error_number == ENOSPC)
        sp_error_set(&state->error, SP_EINVALID_REQUEST,
            "files: they do not fit into limits.disk_bytes, or are more than %d with their folders", SP_RUN_INODES);
    else
        sp_error_set(&state->error, SP_ERUNTIME_UNAVAILABLE, "%s: %.*s: %s", state->row->ops->name,
            sp_str_int(event->bytes, 100), event->bytes.ptr, strerror(event->error_number));
    kill_run(state, SP_KILL_BROKEN);
}

static int on_frame(void *context, const struct sp_runner_event *event)
{
    struct sp_run_state *state = ((struct sp_sandbox *)context)->owner;
    switch (event->type) {
    case SP_RUNNER_READY:
        if (state->step == SP_RUN_STARTING)
            sp_run_load(state);
        break;
    case SP_RUNNER_STDOUT: take_output(state, SP_RUN_STDOUT, event->bytes); break;
    case SP_RUNNER_STDERR: take_output(state, SP_RUN_STDERR, event->bytes); break;
    case SP_RUNNER_ARTIFACT:
        sp_artifact_list_begin(&state->artifacts, event->path, event->mode, event->size_bytes, event->bytes);
        break;
    case SP_RUNNER_ARTIFACT_MORE: sp_artifact_list_more(&state->artifacts, event->bytes); break;
    case SP_RUNNER_EXIT: take_exit(state, event); break;
    case SP_RUNNER_FAIL: take_failure(state, event); break;
    default: break;
    }
    return 0;
}

static void on_broken(struct sp_sandbox *sandbox)
{
    struct sp_run_state *state = sandbox->owner;
    sp_error_set(&state->error, SP_ERUNTIME_UNAVAILABLE, "%s: the runner broke the rules", state->row->ops->name);
    kill_run(state, SP_KILL_BROKEN);
}

static void on_loaded(struct sp_sandbox *sandbox, int status)
{
    struct sp_run_state *state = sandbox->owner;
    if (state->step != SP_RUN_LOADING)
        return;
    if (status < 0)
        give_up_start(state, status,
            status == SP_EINVALID_REQUEST ? "the limits are too low for the interpreter"
                                          : "the limits could not be lowered");
    else
        hand_over(state);
}

const struct sp_sandbox_events sp_run_events = {on_frame, on_broken, on_loaded, on_ended};

/* ---- what the daemon calls ---- */

static int check(const struct sp_runtimes *runtimes, const struct sp_sandbox_spec *spec, struct sp_error *error)
{
    if (runtimes->closing)
        return sp_error_set(error, SP_ESHUTTING_DOWN, NULL);
    if (runtimes->queue.n >= runtimes->config.queue_max)
        return sp_error_set(error, SP_EBUSY, "%u runs wait already", runtimes->queue.n);
    if (spec->limits.memory_bytes > runtimes->config.memory_total_bytes)
        return sp_error_set(
            error, SP_EINVALID_REQUEST, "limits.memory_bytes: more than all sandboxes together may have");
    if (spec->n_files > SP_FILES_MAX || spec->n_artifacts > SP_ARTIFACT_GLOBS_MAX)
        return sp_error_set(error, SP_EINVALID_REQUEST, "too many files or artifacts");
    for (size_t i = 0; i < spec->n_files; i++)
        if (!sp_runner_frame_path_ok(spec->files[i].path)) {
            sp_error_set(error, SP_EINVALID_REQUEST, "not a relative path without empty, . and .. segments");
            sp_error_prefix(error, "files[%zu].path", i);
            return SP_EINVALID_REQUEST;
        }
    return 0;
}

int sp_run_start(
    struct sp_runtimes *runtimes, struct sp_run *run, const struct sp_sandbox_spec *spec, struct sp_error *error)
{
    struct sp_set_row *row = NULL;
    int status = check(runtimes, spec, error);
    if (status == 0)
        status = sp_set_find_row(runtimes, spec->runtime, spec->language, &row, error);
    if (status < 0)
        return status;
    struct sp_run_state *state = calloc(1, sizeof *state);
    if (!state)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    state->run = run;
    state->runtimes = runtimes;
    state->spec = spec;
    state->row = row;
    state->key = (struct sp_sandbox_key){.language = spec->language, .limits = spec->limits};
    if (sp_toolchain_starts_alike(spec))
        state->pool = sp_set_find_pool(row, &state->key);
    else
        state->key.starts_as = spec;
    state->output_left_bytes = spec->limits.output_bytes;
    state->submitted_ns = uv_hrtime();
    uv_timer_init(runtimes->config.loop, &state->timer);
    state->timer.data = state;
    sp_run_queue_wait(&runtimes->queue, state);
    run->state = state;
    sp_set_kick(runtimes);
    return 0;
}

void sp_run_cancel(struct sp_run *run)
{
    struct sp_run_state *state = run->state;
    if (!state || state->cancelled)
        return;
    state->cancelled = true;
    if (state->step == SP_RUN_QUEUED)
        sp_set_kick(state->runtimes);
    else
        kill_run(state, SP_KILL_CANCELLED);
}

static void set_paused(struct sp_run *run, bool paused)
{
    struct sp_run_state *state = run->state;
    if (!state || state->paused == paused)
        return;
    state->paused = paused;
    if (state->handed_over)
        state->row->ops->read(state->sandbox, !paused);
}

void sp_run_pause(struct sp_run *run)
{
    set_paused(run, true);
}

void sp_run_resume(struct sp_run *run)
{
    set_paused(run, false);
}
