#ifndef SP_RUNTIMES_SPAWNER_H
#define SP_RUNTIMES_SPAWNER_H

/* The spawner: a small program of its own (sallyport-spawner) that sallyportd starts before it grows, before it gives up
 * its rights, and before it parses a byte from outside. It alone keeps uid and cgroup rights, starts sandboxes, holds
 * their pidfds, signals, reaps, and kills everything when the daemon's end of the socket closes. What it may start is
 * fixed by this configuration; a request over the socket holds numbers only. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/error.h"

#define SP_SPAWNER_SLOT_UID_FIRST 1900000000u
#define SP_SPAWNER_SLOT_UIDS      1000u

/* All strings are absolute paths without a NUL, shorter than 512 bytes; NULL takes the default. */
struct sp_spawner_config {
    const char *program; /* NULL: sallyport-spawner in libexecdir */
    const char *runner;  /* NULL: sallyport-runner in libexecdir; static */
    const char *bwrap;   /* NULL: /usr/bin/bwrap */
    /* Below it the spawner makes a folder per instance for the /code directories; exists, or is made with its parent
     * present. Mode 0711. */
    const char *state_dir;
    const char *instance;      /* 32 hex digits, the same as in sp_bubblewrap_config */
    const char *python_prefix; /* an operator's environment, bound read-only; NULL: none */
    /* Who the daemon will be when it fills /code directories; (uid_t)-1: who it is now. */
    uid_t service_uid;
    gid_t service_gid;
    /* One uid a live sandbox, when started by root. n 0: the default range. The service's uid is left out of it. */
    uint32_t slot_uid_first, n_slot_uids;
    uint32_t sandboxes_max; /* live at once; at most the number of slot uids */
    bool require_no_groups; /* refuse to run sandboxes that keep groups of an ordinary user */
};

/* Starts the spawner and waits (bounded, 10 s) until it is ready. Blocks; call it before the loop runs and before
 * setuid. The descriptor is CLOEXEC and goes into sp_bubblewrap_config.spawner_fd, which then owns it; when it closes, the
 * spawner kills all sandboxes, cleans up and exits. The process is a child of the caller, to be waited for.
 * Succeeds also where the machine cannot run sandboxes: sp_runtimes_describe then says why.
 * SP_EINVALID_CONFIG (paths, slot uids that somebody uses), SP_EINTERNAL, SP_ENO_MEMORY. */
int sp_spawner_start(const struct sp_spawner_config *config, int *ret_fd, pid_t *ret_pid, struct sp_error *error);

/* What a start would find, without one, by who would start it: SP_EINVALID_CONFIG, with the key as the path, where it would
 * fail, and where a program that the configuration names cannot be started. Where it would succeed and nothing could run, 0 and
 * the reason in ret_note, which is else as it was. */
int sp_spawner_check(const struct sp_spawner_config *config, struct sp_error *ret_note, struct sp_error *error);

#endif
