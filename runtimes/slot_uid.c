/* Are a range's user and group ids nobody's? Looked up in the files, since asking a directory service for a thousand
 * ids takes as many round trips. Runs once, in the daemon's start, before the loop. */
#include "runtimes/slot_uid.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/scope.h"

/* The number in the field (0 is the name), or false. */
static bool field(const char *line, int index, unsigned long long *ret_number)
{
    for (; index > 0; index--) {
        line = strchr(line, ':');
        if (!line++)
            return false;
    }
    return sscanf(line, "%llu", ret_number) == 1;
}

static int check_file(
    const char *path, bool ranges, uint64_t first, uint64_t n, uint64_t except, struct sp_error *error)
{
    sp_cleanup(sp_close_file) FILE *file = path ? fopen(path, "re") : NULL;
    char line[4096];
    while (file && fgets(line, sizeof line, file)) {
        unsigned long long id, count = 1;
        if (!field(line, ranges ? 1 : 2, &id) || (ranges && !field(line, 2, &count)))
            continue;
        bool is_except = !ranges && id == except;
        if (count && id < first + n && first < id + count && !is_except) {
            line[strcspn(line, ":")] = 0;
            return sp_error_set(error, SP_EINVALID_CONFIG, "%s gives %llu to %.64s", path,
                id > first ? id : (unsigned long long)first, line);
        }
    }
    return 0;
}

static int check_files(
    uint32_t first, uint32_t n, uint32_t except, const struct sp_slot_uid_files *files, struct sp_error *error)
{
    static const struct sp_slot_uid_files system = {"/etc/passwd", "/etc/group", "/etc/subuid", "/etc/subgid"};
    if (!files)
        files = &system;
    if (n == 0 || first == 0 || (uint64_t)first + n > UINT32_MAX)
        return sp_error_set(error, SP_EINVALID_CONFIG, "not a range of user ids without 0");
    const struct {
        const char *path;
        bool ranges;
    } looks[] = {{files->passwd, false}, {files->group, false}, {files->subuid, true}, {files->subgid, true}};
    for (size_t i = 0; i < SP_COUNT(looks); i++) {
        int status = check_file(looks[i].path, looks[i].ranges, first, n, except, error);
        if (status < 0)
            return status;
    }
    return 0;
}

int sp_slot_uid_check(
    uint32_t first, uint32_t n, uint32_t except, const struct sp_slot_uid_files *files, struct sp_error *error)
{
    int status = check_files(first, n, except, files, error);
    if (status < 0)
        sp_error_prefix(error, "slot_uids");
    return status;
}
