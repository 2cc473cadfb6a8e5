/* Leases of slot uids, over locks that all spawners on the machine see. Spawner's thread. Locks of open file descriptions,
 * not of processes: those would end with the first descriptor of the file that anybody here closes. */
#include "runtimes/slot_lease.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/scope.h"

/* type: F_WRLCK, F_RDLCK, F_UNLCK. 0 or a positive errno; never waits. */
static int lock(int locks, uint32_t uid, short type)
{
    struct flock what = {.l_type = type, .l_whence = SEEK_SET, .l_start = uid, .l_len = 1};
    return fcntl(locks, F_OFD_SETLK, &what) < 0 ? errno : 0;
}

static int open_locks(struct sp_slot_lease *lease, const char *path, uint32_t service_uid, struct sp_error *error)
{
    struct stat info;
    sp_cleanup(sp_close_fd) int locks = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (locks < 0 || fstat(locks, &info) < 0)
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "slot_uids: %.200s: %s", path, strerrordesc_np(errno));
    if (!S_ISREG(info.st_mode) || info.st_uid != geteuid() || (info.st_mode & 077))
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "slot_uids: %.200s is not ours alone", path);
    int errno_value = lock(locks, service_uid, F_RDLCK);
    if (errno_value)
        return sp_error_set(error, SP_ERUNTIME_UNAVAILABLE, "slot_uids: uid %u of the service is a slot elsewhere: %s",
            service_uid, strerrordesc_np(errno_value));
    lease->locks = SP_TAKE_FD(locks);
    return 0;
}

int sp_slot_lease_init(struct sp_slot_lease *lease, const char *path, uint32_t first, uint32_t n_uids,
    uint32_t service_uid, uint32_t n_held_max, struct sp_error *error)
{
    *lease = (struct sp_slot_lease){
        .locks = -1, .first = first, .n = n_uids ? n_uids : n_held_max, .n_held_max = n_held_max};
    lease->held = calloc(lease->n, 1);
    if (!lease->held)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    if (!n_uids)
        return 0;
    if (service_uid - first < n_uids) /* wraps where it lies below */
        lease->held[service_uid - first] = 1;
    return open_locks(lease, path, service_uid, error);
}

void sp_slot_lease_fini(struct sp_slot_lease *lease)
{
    sp_close_fd(&lease->locks);
    lease->locks = -1;
    free(lease->held);
    lease->held = NULL;
    lease->n = 0;
}

bool sp_slot_lease_take(struct sp_slot_lease *lease, uint32_t *ret_index)
{
    for (uint32_t i = 0; i < lease->n && lease->n_held < lease->n_held_max; i++) {
        uint32_t index = (uint32_t)(((uint64_t)lease->next + i) % lease->n);
        if (lease->held[index] || (lease->locks >= 0 && lock(lease->locks, lease->first + index, F_WRLCK)))
            continue;
        lease->held[index] = 1;
        lease->n_held++;
        lease->next = index + 1;
        *ret_index = index;
        return true;
    }
    return false;
}

void sp_slot_lease_give(struct sp_slot_lease *lease, uint32_t index)
{
    lease->held[index] = 0;
    lease->n_held--;
    if (lease->locks >= 0)
        lock(lease->locks, lease->first + index, F_UNLCK);
}
