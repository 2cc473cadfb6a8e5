#ifndef SP_DAEMON_AUDIT_H
#define SP_DAEMON_AUDIT_H

/* The audit log: one JSON line an event, never the code nor what matched. A line is made on any thread (audit_line) and
 * written on the loop's (audit). */

#include <stdbool.h>
#include <stdint.h>

#include "proto/buffer.h"
#include "proto/error.h"
#include "proto/str.h"
#include "runtimes/runtime.h"
#include "scanner/scanner.h"

struct sp_audit;

/* What happened: identifier, name in the line. */
#define SP_AUDIT_EVENTS(X)                                                                                             \
    X(SCAN, "scan")       /* a verdict of scan or scan_batch; explain has none */                                      \
    X(VERDICT, "verdict") /* a verdict of the gate, before the hand-over */                                            \
    X(REFUSAL, "refusal") /* the gate refused to run: by the verdict, or by what was asked for */                      \
    X(RUN, "run")         /* a run has ended */                                                                        \
    X(DENIAL, "denial")   /* the caller lacks a right */                                                               \
    X(POLICY_PUT, "policy.put")                                                                                        \
    X(POLICY_REMOVE, "policy.remove")                                                                                  \
    X(POLICY_RELOAD, "policy.reload")                                                                                  \
    X(START, "start")                                                                                                  \
    X(STOP, "stop")

enum sp_audit_event_kind {
#define X(id, name) SP_AUDIT_##id,
    SP_AUDIT_EVENTS(X)
#undef X
        SP_AUDIT_EVENT_COUNT
};

#define SP_AUDIT_RULES_MAX 64 /* rules told in one line; where more were hit it says "rules_truncated" */

/* What a line says. Absent members (NULL, ptr NULL) are left out. */
struct sp_audit_event {
    enum sp_audit_event_kind kind;
    uint32_t uid, gid;
    int32_t pid;
    bool of_daemon;     /* of no caller: uid, gid and pid are left out */
    const char *method; /* "run" */
    struct sp_str path; /* where the code is from, as the caller said; or a helper file's path */
    const char *run;    /* the run's id: ties its lines together */
    const char *policy; /* policy changes: the id */
    struct sp_str name; /* policy changes: the name */
    const struct sp_verdict *verdict;
    const struct sp_error *error; /* its name alone and its path; never its text, which may quote what was sent */
    const struct sp_run_result *result;
};

/* Appends the line, newline included. Any thread. SP_ENO_MEMORY, SP_ETOO_LARGE: the buffer's bound. */
int sp_audit_line(const struct sp_audit_event *event, struct sp_buffer *lines, struct sp_error *error);
const char *sp_audit_event_name(enum sp_audit_event_kind kind);

struct sp_audit_config {
    uv_loop_t *loop;
    const char *file;      /* NULL: standard error, which is the journal under systemd */
    bool sync;             /* fdatasync before the hand-over of a run */
    bool required;         /* a verdict that can't be written refuses the run */
    size_t pending_bytes;  /* lines kept for one write; 0: 256 KiB */
    uint64_t rotate_bytes; /* a file that is larger when it is opened becomes <file>.1, in that one's place; 0: none */
};

/* Opens the file for appending (0600, made where it is not there; a regular file only). Copies the configuration.
 * SP_EINVALID_CONFIG with the path audit.file. */
int sp_audit_open(const struct sp_audit_config *config, struct sp_audit **ret_audit, struct sp_error *error);
/* Writes what is pending, and closes. */
void sp_audit_close(struct sp_audit *audit);
/* Could the file be opened by who asks? Makes nothing. Errors as open's. file NULL: 0. */
int sp_audit_check(const char *file, struct sp_error *error);

/* Another file or other settings in two steps, so that what can fail is behind us before anything changes: prepare opens the
 * file as open does (*ret_fd -1: standard error), switch takes the descriptor. */
int sp_audit_prepare(const struct sp_audit_config *config, int *ret_fd, struct sp_error *error);
void sp_audit_switch(struct sp_audit *audit, const struct sp_audit_config *config, int fd);
/* Both, for rotation. On failure the old file stays open. */
int sp_audit_reopen(struct sp_audit *audit, const struct sp_audit_config *config, struct sp_error *error);

/* Adds whole lines; they are written together before the loop waits again. SP_EBUSY when they can't be written and the
 * bound is reached: the lines are lost then, and counted. */
int sp_audit_add(struct sp_audit *audit, struct sp_str lines, struct sp_error *error);
/* Adds lines and writes all that is pending before it returns: SP_EINTERNAL where that can't be done and the
 * configuration requires it, 0 otherwise. */
int sp_audit_commit(struct sp_audit *audit, struct sp_str lines, struct sp_error *error);
/* A line made and written, for what is rare. audit may be NULL. */
void sp_audit_tell(struct sp_audit *audit, const struct sp_audit_event *event);

struct sp_audit_stats {
    uint64_t lines, bytes, lost;
    bool failing; /* the last write failed */
};
void sp_audit_stats(const struct sp_audit *audit, struct sp_audit_stats *ret_stats);

#endif
