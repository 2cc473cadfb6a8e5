/* sallyport-runner: PID 1 of every sandbox. It is static, because the root it wakes up in is not ours. */
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtimes/runner/runner.h"

int main(void)
{
    /* First of all: else the program opens /proc/1/mem and /proc/1/fd, and speaks with our voice. */
    if (prctl(PR_SET_DUMPABLE, 0) < 0)
        return 1;
    if (close_range(3, ~0u, 0) < 0)
        for (int fd = 3; fd < 4096; fd++)
            close(fd);
    return sp_runner_run(&(struct sp_runner_config){
        .control_fd = STDIN_FILENO, .out_fd = STDOUT_FILENO, .work_dir = "/work", .is_init = getpid() == 1});
}
