#ifndef SP_RUNTIMES_OUTCOME_H
#define SP_RUNTIMES_OUTCOME_H

/* How a run ended, from what was seen of it. Pure. */

#include <stdbool.h>
#include <stdint.h>

#include "runtimes/runtime.h"

/* What an exit frame said. */
struct sp_outcome_exit {
    uint32_t exit_code, signal;
    uint64_t cpu_us, max_rss_bytes;
};

/* Why we killed, noted before the kill. */
enum sp_kill_cause {
    SP_KILL_NONE,
    SP_KILL_TIMED_OUT,
    SP_KILL_CPU_TIME, /* its processes together; named as what the kernel does to a single one */
    SP_KILL_OUTPUT_LIMIT,
    SP_KILL_CANCELLED,
    SP_KILL_BROKEN
};

struct sp_outcome_facts {
    bool has_exit; /* a valid exit frame came, and before any kill of ours */
    struct sp_outcome_exit exit;
    enum sp_kill_cause kill;
    uint64_t oom_kills; /* since the hand-over */
};

/* Sets outcome, has_exit_code, exit_code, signal and oom_kills of the result. */
void sp_outcome_judge(const struct sp_outcome_facts *facts, struct sp_run_result *ret_result);

#endif
