/* Prints what an adapter would send or put into a sandbox for Python, so that a script can look at one without a daemon:
 * stub_frames spawn [NAME=VALUE...] | filter | stub | stub-path. With variables: as for a run that has them. */
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
    if (argc < 2 || sp_toolchain_probe(SP_LANGUAGE_PYTHON, NULL, &use, &error) < 0) {
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
    static struct sp_sandbox_env env[SP_ENV_MAX];
    struct sp_sandbox_spec spec = {.language = SP_LANGUAGE_PYTHON, .env = env};
    for (char **pair = argv + 2; *pair && spec.n_env < SP_ENV_MAX; pair++) {
        const char *value = strchr(*pair, '=');
        if (!value)
            return 2;
        env[spec.n_env++] = (struct sp_sandbox_env){{*pair, (size_t)(value - *pair)}, sp_str_of(value + 1)};
    }
    bool alike = sp_toolchain_starts_alike(&spec);
    struct sp_runner_pack pack;
    sp_runner_pack_init(&pack, room, sizeof room);
    int status = sp_toolchain_pack_spawn(
        &use, alike ? NULL : &spec, (struct sp_str){(const char *)filter, n_filter}, &pack, &error);
    return status < 0 ? 2 : put(room, pack.n_bytes);
}
