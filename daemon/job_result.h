#ifndef SP_DAEMON_JOB_RESULT_H
#define SP_DAEMON_JOB_RESULT_H

/* A job that ended without an error, as the map of `run --json`. Loop thread only. */

#include "daemon/job.h"
#include "proto/buffer.h"

/* What verdict and output take in the result. */
size_t sp_job_result_bytes(const struct sp_job *job);
/* Appends the map; result as ended got it. artifact_bytes: what artifacts may take; those that do not fit are left out, and
 * artifacts_truncated says so. SP_ETOO_LARGE, SP_ENO_MEMORY: the buffer's. */
int sp_job_result_pack(
    const struct sp_job *job, const struct sp_run_result *result, size_t artifact_bytes, struct sp_buffer *buffer);

#endif
