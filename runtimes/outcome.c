/* The rules by which a run's end is named; the first that holds. Any thread; no state. */
#include "runtimes/outcome.h"

#include <signal.h>

static const char *const names[SP_OUTCOME_COUNT] = {
    [SP_OUTCOME_EXITED] = "exited",
    [SP_OUTCOME_SIGNALED] = "signaled",
    [SP_OUTCOME_TIMED_OUT] = "timed_out",
    [SP_OUTCOME_OOM_KILLED] = "oom_killed",
    [SP_OUTCOME_OUTPUT_LIMIT] = "output_limit",
    [SP_OUTCOME_CANCELLED] = "cancelled",
    [SP_OUTCOME_LOST] = "lost",
};

const char *sp_outcome_name(enum sp_outcome outcome)
{
    return (unsigned)outcome < SP_OUTCOME_COUNT ? names[outcome] : "lost";
}

/* A runner that broke the rules was killed for nothing that the program may be told: that run is lost. */
static const enum sp_outcome of_kill[] = {
    [SP_KILL_NONE] = SP_OUTCOME_LOST,
    [SP_KILL_TIMED_OUT] = SP_OUTCOME_TIMED_OUT,
    [SP_KILL_CPU_TIME] = SP_OUTCOME_SIGNALED,
    [SP_KILL_OUTPUT_LIMIT] = SP_OUTCOME_OUTPUT_LIMIT,
    [SP_KILL_CANCELLED] = SP_OUTCOME_CANCELLED,
    [SP_KILL_BROKEN] = SP_OUTCOME_LOST,
};

void sp_outcome_judge(const struct sp_outcome_facts *facts, struct sp_run_result *ret_result)
{
    bool oom = facts->oom_kills > 0;
    ret_result->has_exit_code = false;
    ret_result->exit_code = 0;
    ret_result->signal = 0;
    ret_result->oom_kills = facts->oom_kills;
    if (facts->has_exit && !(facts->exit.signal == SIGKILL && oom)) {
        ret_result->outcome = facts->exit.signal ? SP_OUTCOME_SIGNALED : SP_OUTCOME_EXITED;
        ret_result->has_exit_code = !facts->exit.signal;
        ret_result->exit_code = (int)facts->exit.exit_code;
        ret_result->signal = (int)facts->exit.signal;
    } else if (facts->kill != SP_KILL_NONE) {
        ret_result->outcome = of_kill[facts->kill];
        ret_result->signal = facts->kill == SP_KILL_CPU_TIME ? SIGXCPU : 0;
    } else if (oom) {
        ret_result->outcome = SP_OUTCOME_OOM_KILLED;
    } else {
        ret_result->outcome = SP_OUTCOME_LOST;
    }
}
