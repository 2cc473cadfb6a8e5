/* What a job that ended answers. Loop thread; no state. */
#include "daemon/job_result.h"

#include "daemon/job_inside.h"
#include "proto/pack.h"

static void pack_phases(const struct sp_job *job, const struct sp_run_result *result, struct sp_buffer *buffer)
{
    sp_pack_key(buffer, "phases");
    sp_pack_map(buffer, 4);
    sp_pack_key(buffer, "queue_ms");
    sp_pack_double(buffer, (double)(job->judge_start_ns - job->accepted_ns) / 1e6);
    sp_pack_key(buffer, "scan_ms");
    sp_pack_double(buffer, (double)(job->judge_end_ns - job->judge_start_ns) / 1e6);
    sp_pack_key(buffer, "start_ms");
    sp_pack_double(buffer, result ? result->start_ms : 0);
    sp_pack_key(buffer, "run_ms");
    sp_pack_double(buffer, result ? result->run_ms : 0);
}

static void pack_usage(const struct sp_run_result *result, struct sp_buffer *buffer)
{
    sp_pack_key(buffer, "usage");
    sp_pack_map(buffer, 4);
    sp_pack_key(buffer, "wall_ms");
    sp_pack_uint(buffer, result->wall_ms);
    sp_pack_key(buffer, "cpu_ms");
    sp_pack_uint(buffer, result->cpu_ms);
    sp_pack_key(buffer, "max_rss_bytes");
    sp_pack_uint(buffer, result->max_rss_bytes);
    sp_pack_key(buffer, "oom_kills");
    sp_pack_uint(buffer, result->oom_kills);
}

static void pack_artifacts(const struct sp_run_result *result, size_t artifact_bytes, struct sp_buffer *buffer)
{
    size_t n = 0, n_bytes = 0;
    while (n < result->n_artifacts) {
        const struct sp_run_artifact *artifact = &result->artifacts[n];
        n_bytes += artifact->path.n_bytes + artifact->data.n_bytes + 64;
        if (n_bytes > artifact_bytes)
            break;
        n++;
    }
    sp_pack_key(buffer, "artifacts");
    sp_pack_array(buffer, n);
    for (size_t i = 0; i < n; i++) {
        sp_pack_map(buffer, 3);
        sp_pack_key(buffer, "path");
        sp_pack_text(buffer, result->artifacts[i].path);
        sp_pack_key(buffer, "data");
        sp_pack_bin(buffer, result->artifacts[i].data.ptr, result->artifacts[i].data.n_bytes);
        sp_pack_key(buffer, "mode");
        sp_pack_uint(buffer, result->artifacts[i].mode);
    }
    sp_pack_key(buffer, "artifacts_truncated");
    sp_pack_bool(buffer, result->artifacts_truncated || n < result->n_artifacts);
}

static void pack_output(const struct sp_job *job, const char *key, int stream, struct sp_buffer *buffer)
{
    const struct sp_buffer *output = &job->output[stream];
    sp_pack_key(buffer, key);
    sp_pack_text(buffer, (struct sp_str){output->bytes ? (const char *)output->bytes : "", output->n_bytes});
}

size_t sp_job_result_bytes(const struct sp_job *job)
{
    return job->gate.verdict.n_bytes + job->output[0].n_bytes + job->output[1].n_bytes;
}

int sp_job_result_pack(
    const struct sp_job *job, const struct sp_run_result *result, size_t artifact_bytes, struct sp_buffer *buffer)
{
    sp_pack_map(buffer, result ? 16 : 4);
    sp_pack_key(buffer, "ran");
    sp_pack_bool(buffer, result != NULL);
    sp_pack_key(buffer, "run");
    sp_pack_cstr(buffer, job->gate.run);
    sp_pack_key(buffer, "verdict");
    sp_pack_raw(buffer, job->gate.verdict.bytes, job->gate.verdict.n_bytes);
    pack_phases(job, result, buffer);
    if (!result)
        return buffer->failed;
    sp_pack_key(buffer, "outcome");
    sp_pack_cstr(buffer, sp_outcome_name(result->outcome));
    sp_pack_key(buffer, "exit_code");
    if (result->has_exit_code)
        sp_pack_int(buffer, result->exit_code);
    else
        sp_pack_nil(buffer);
    sp_pack_key(buffer, "signal");
    if (result->signal)
        sp_pack_int(buffer, result->signal);
    else
        sp_pack_nil(buffer);
    pack_output(job, "stdout", 0, buffer);
    pack_output(job, "stderr", 1, buffer);
    sp_pack_key(buffer, "stdout_truncated");
    sp_pack_bool(buffer, result->stdout_truncated);
    sp_pack_key(buffer, "stderr_truncated");
    sp_pack_bool(buffer, result->stderr_truncated);
    pack_usage(result, buffer);
    sp_pack_key(buffer, "runtime");
    sp_pack_cstr(buffer, result->runtime);
    sp_pack_key(buffer, "warm");
    sp_pack_bool(buffer, result->warm);
    pack_artifacts(result, artifact_bytes, buffer);
    return buffer->failed;
}
