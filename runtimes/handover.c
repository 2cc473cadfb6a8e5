/* Packs what a runner is told. Loop thread; pure. Room is counted first, so that a run costs one allocation. */
#include "runtimes/handover.h"

#include <stdlib.h>

#include "proto/scope.h"

/* LIMITS, GO's and STDIN_END's heads, and some to spare. */
#define SMALL_FRAMES_ROOM 1024

static int finish(const struct sp_runner_pack *pack, uint8_t **bytes, uint8_t **ret_bytes, size_t *ret_n_bytes,
    struct sp_error *error)
{
    if (pack->failed)
        return sp_error_set(error, SP_ETOO_LARGE, "what the program is given does not fit into frames");
    *ret_n_bytes = pack->n_bytes;
    *ret_bytes = SP_TAKE(*bytes);
    return 0;
}

int sp_handover_pack_spawn(const struct sp_toolchain_use *use, const struct sp_sandbox_spec *spec, struct sp_str filter,
    const struct sp_limits *limits, uint32_t limit_flags, uint8_t **ret_bytes, size_t *ret_n_bytes,
    struct sp_error *error)
{
    size_t room = SP_RUNNER_FRAME_MAX + SMALL_FRAMES_ROOM;
    sp_cleanup(sp_free_ptr) uint8_t *bytes = malloc(room);
    struct sp_runner_pack pack;
    if (!bytes)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    sp_runner_pack_init(&pack, bytes, room);
    sp_runner_pack_limits(&pack, limits, limit_flags);
    int status = sp_toolchain_pack_spawn(use, spec, filter, &pack, error);
    return status < 0 ? status : finish(&pack, &bytes, ret_bytes, ret_n_bytes, error);
}

static size_t room_for(const struct sp_sandbox_spec *spec)
{
    size_t room = SMALL_FRAMES_ROOM + sp_toolchain_handover_room(spec) + sp_runner_pack_room(spec->input.n_bytes);
    for (size_t i = 0; i < spec->n_files; i++)
        if (spec->files[i].place == SP_FILE_PLACE_WORK)
            room += sp_runner_pack_room(spec->files[i].data.n_bytes);
    for (size_t i = 0; i < spec->n_artifacts; i++)
        room += 4 + spec->artifacts[i].n_bytes;
    return room;
}

int sp_handover_pack_run(const struct sp_sandbox_spec *spec, const struct sp_limits *made, uint32_t limit_flags,
    uint8_t **ret_bytes, size_t *ret_n_bytes, struct sp_error *error)
{
    size_t room = room_for(spec);
    sp_cleanup(sp_free_ptr) uint8_t *bytes = malloc(room);
    struct sp_runner_pack pack;
    if (!bytes)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    sp_runner_pack_init(&pack, bytes, room);
    for (size_t i = 0; i < spec->n_files; i++)
        if (spec->files[i].place == SP_FILE_PLACE_WORK)
            sp_runner_pack_file(
                &pack, spec->files[i].path, spec->files[i].mode ? spec->files[i].mode : 0644, spec->files[i].data);
    if (!sp_limits_equal(&spec->limits, made))
        sp_runner_pack_limits(&pack, &spec->limits, limit_flags);
    int status = sp_toolchain_pack_handover(spec, &pack, error);
    if (status < 0)
        return status;
    sp_runner_pack_begin(&pack, SP_RUNNER_GO);
    sp_runner_pack_u32(&pack, (uint32_t)spec->n_artifacts);
    for (size_t i = 0; i < spec->n_artifacts; i++)
        sp_runner_pack_str(&pack, spec->artifacts[i]);
    sp_runner_pack_end(&pack);
    sp_runner_pack_bytes(&pack, SP_RUNNER_STDIN, spec->input.ptr, spec->input.n_bytes);
    sp_runner_pack_empty(&pack, SP_RUNNER_STDIN_END);
    return finish(&pack, &bytes, ret_bytes, ret_n_bytes, error);
}
