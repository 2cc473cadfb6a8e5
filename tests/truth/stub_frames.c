/* Prints what an adapter would send or put into a sandbox for Python, so that a script can look at one without a daemon:
 * stub_frames spawn | filter | stub | stub-path. */
#include <stdio.h>
#include <stdlib.h>

#include "proto/language.h"
#include "proto/scope.h"
#include "runtimes/filter.h"
#include "runtimes/toolchain.h"

static int put(const void *bytes, size_t n_bytes)
{
    return fwrite(bytes, 1, n_bytes, stdout) == n_bytes && fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct sp_toolchain_use use;
    struct sp_error error = {0};
    if (argc != 2 || sp_toolchain_probe(SP_LANGUAGE_PYTHON, NULL, &use, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    if (strcmp(argv[1], "stub") == 0)
        return put(use.row->stub, use.row->n_stub_bytes);
    if (strcmp(argv[1], "stub-path") == 0)
        return put(use.stub_path, strlen(use.stub_path));
    sp_cleanup(sp_free_ptr) uint8_t *filter = NULL;
    size_t n_filter = 0;
    bool runner = strcmp(argv[1], "filter") == 0;
    /* As where a memory cgroup holds the program: what is refused elsewhere is the filter's, not the stub's, to answer for. */
    if (sp_filter_build(runner ? SP_FILTER_RUNNER : SP_FILTER_PROGRAM, true, &filter, &n_filter, &error) < 0)
        return 2;
    if (runner)
        return put(filter, n_filter);
    static uint8_t room[SP_RUNNER_FRAME_MAX];
    struct sp_runner_pack pack;
    sp_runner_pack_init(&pack, room, sizeof room);
    sp_toolchain_pack_spawn(&use, (struct sp_str){(const char *)filter, n_filter}, &pack);
    return pack.failed ? 2 : put(room, pack.n_bytes);
}
