#ifndef SP_RUNTIMES_SLOT_LEASE_H
#define SP_RUNTIMES_SLOT_LEASE_H

/* Which uid a sandbox runs as. A uid is one sandbox's on the whole machine, not only among those of one daemon: what the
 * kernel counts by uid (watches, pipes, pending signals; before Linux 5.14 processes) would else be shared by strangers.
 * Spawner's thread. */

#include <stdbool.h>
#include <stdint.h>

#include "proto/error.h"

/* One byte a uid, of which the spawner that uses it holds a lock; the kernel gives it back, however the spawner ends. */
#define SP_SLOT_LEASE_FILE "/run/sallyport-slot-uids"

struct sp_slot_lease {
    int locks;         /* -1: none, since everything runs as one uid; leases are only counted */
    uint32_t first, n; /* uids of the range; n: also where there are none */
    uint8_t *held;     /* by us, an item a uid */
    uint32_t next;     /* where the search begins: a uid that was given back rests longest */
    uint32_t n_held, n_held_max;
};

/* n_uids 0: there are no slot uids. path: the file of locks, made where missing; it must be ours alone, since who can lock
 * can starve us. The service's uid is left out of the range; it is locked too, so that it is no other daemon's slot, but
 * daemons of one service share it. At most n_held_max leases at a time.
 * SP_ERUNTIME_UNAVAILABLE with the reason, SP_ENO_MEMORY. */
int sp_slot_lease_init(struct sp_slot_lease *lease, const char *path, uint32_t first, uint32_t n_uids,
    uint32_t service_uid, uint32_t n_held_max, struct sp_error *error);
/* Gives all back. Takes a half-built one. */
void sp_slot_lease_fini(struct sp_slot_lease *lease);

/* The index of a uid in the range. False: none is free now; where others hold them, nothing tells when one is. */
bool sp_slot_lease_take(struct sp_slot_lease *lease, uint32_t *ret_index);
void sp_slot_lease_give(struct sp_slot_lease *lease, uint32_t index);

#endif
