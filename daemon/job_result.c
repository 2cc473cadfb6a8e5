/* What a job that ended answers. Loop thread; no state. */
#include "daemon/job_result.h"

#include "daemon/job_inside.h"
#include "proto/pack.h"

static void pack_phases(const struct sp_job *job, const struct sp_run_result *result, struct sp_pack_map *answer)
{
    struct sp_pack_map map = sp_pack_map_begin(sp_pack_put(answer, "phases"));
    sp_pack_double(sp_pack_put(&map, "queue_ms"), (double)(job->judge_start_ns - job->accepted_ns) / 1e6);
    sp_pack_double(sp_pack_put(&map, "scan_ms"), (double)(job->judge_end_ns - job->judge_start_ns) / 1e6);
    sp_pack_double(sp_pack_put(&map, "start_ms"), result ? result->start_ms : 0);
    sp_pack_double(sp_pack_put(&map, "run_ms"), result ? result->run_ms : 0);
    sp_pack_map_end(&map);
}

static void pack_usage(const struct sp_run_result *result, struct sp_pack_map *answer)
{
    struct sp_pack_map map = sp_pack_map_begin(sp_pack_put(answer, "usage"));
    sp_pack_uint(sp_pack_put(&map, "wall_ms"), result->wall_ms);
    sp_pack_uint(sp_pack_put(&map, "cpu_ms"), result->cpu_ms);
    sp_pack_uint(sp_pack_put(&map, "max_rss_bytes"), result->max_rss_bytes);
    sp_pack_uint(sp_pack_put(&map, "oom_kills"), result->oom_kills);
    sp_pack_map_end(&map);
}

static void pack_artifacts(const struct sp_run_result *result, size_t artifact_bytes, struct sp_pack_map *answer)
{
    size_t n = 0, n_bytes = 0;
    while (n < result->n_artifacts) {
        const struct sp_run_artifact *artifact = &result->artifacts[n];
        n_bytes += artifact->path.n_bytes + artifact->data.n_bytes + 64;
        if (n_bytes > artifact_bytes)
            break;
        n++;
    }
    struct sp_buffer *buffer = sp_pack_put(answer, "artifacts");
    sp_pack_array(buffer, n);
    for (size_t i = 0; i < n; i++) {
        struct sp_pack_map map = sp_pack_map_begin(buffer);
        sp_pack_text(sp_pack_put(&map, "path"), result->artifacts[i].path);
        sp_pack_bin(sp_pack_put(&map, "data"), result->artifacts[i].data.ptr, result->artifacts[i].data.n_bytes);
        sp_pack_uint(sp_pack_put(&map, "mode"), result->artifacts[i].mode);
        sp_pack_map_end(&map);
    }
    sp_pack_bool(sp_pack_put(answer, "artifacts_truncated"), result->artifacts_truncated || n < result->n_artifacts);
}

static void pack_output(const struct sp_job *job, const char *key, int stream, struct sp_pack_map *answer)
{
    const struct sp_buffer *output = &job->output[stream];
    sp_pack_text(
        sp_pack_put(answer, key), (struct sp_str){output->bytes ? (const char *)output->bytes : "", output->n_bytes});
}

/* What there is to tell of a program that ran. */
static void pack_ran(
    const struct sp_job *job, const struct sp_run_result *result, size_t artifact_bytes, struct sp_pack_map *answer)
{
    sp_pack_cstr(sp_pack_put(answer, "outcome"), sp_outcome_name(result->outcome));
    if (result->has_exit_code)
        sp_pack_int(sp_pack_put(answer, "exit_code"), result->exit_code);
    else
        sp_pack_nil(sp_pack_put(answer, "exit_code"));
    if (result->signal)
        sp_pack_int(sp_pack_put(answer, "signal"), result->signal);
    else
        sp_pack_nil(sp_pack_put(answer, "signal"));
    pack_output(job, "stdout", 0, answer);
    pack_output(job, "stderr", 1, answer);
    sp_pack_bool(sp_pack_put(answer, "stdout_truncated"), result->stdout_truncated);
    sp_pack_bool(sp_pack_put(answer, "stderr_truncated"), result->stderr_truncated);
    pack_usage(result, answer);
    sp_pack_cstr(sp_pack_put(answer, "runtime"), result->runtime);
    sp_pack_bool(sp_pack_put(answer, "warm"), result->warm);
    pack_artifacts(result, artifact_bytes, answer);
}

size_t sp_job_result_bytes(const struct sp_job *job)
{
    return job->gate.verdict.n_bytes + job->output[0].n_bytes + job->output[1].n_bytes;
}

int sp_job_result_pack(
    const struct sp_job *job, const struct sp_run_result *result, size_t artifact_bytes, struct sp_buffer *buffer)
{
    struct sp_pack_map map = sp_pack_map_begin(buffer);
    sp_pack_bool(sp_pack_put(&map, "ran"), result != NULL);
    sp_pack_cstr(sp_pack_put(&map, "run"), job->gate.run);
    sp_pack_raw(sp_pack_put(&map, "verdict"), job->gate.verdict.bytes, job->gate.verdict.n_bytes);
    pack_phases(job, result, &map);
    if (result)
        pack_ran(job, result, artifact_bytes, &map);
    sp_pack_map_end(&map);
    return buffer->failed;
}
