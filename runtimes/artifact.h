#ifndef SP_RUNTIMES_ARTIFACT_H
#define SP_RUNTIMES_ARTIFACT_H

/* Files that come out of a run, gathered piece by piece. Loop thread; bounded in number and bytes. */

#include "runtimes/runtime.h"

struct sp_artifact_list {
    struct sp_run_artifact *items; /* paths and data are the list's */
    size_t n_items, room_items;
    uint64_t n_bytes;  /* claimed by those kept */
    size_t have_bytes; /* of the last one */
    bool skips;        /* the one that comes in is not kept */
    bool cut;          /* something was not kept */
};

void sp_artifact_list_fini(struct sp_artifact_list *list);
/* A file of size_bytes begins with bytes (no more than size_bytes). */
void sp_artifact_list_begin(
    struct sp_artifact_list *list, struct sp_str path, uint32_t mode, uint64_t size_bytes, struct sp_str bytes);
void sp_artifact_list_more(struct sp_artifact_list *list, struct sp_str bytes);
/* What is whole; one that broke off is dropped. Borrowed. */
const struct sp_run_artifact *sp_artifact_list_finish(struct sp_artifact_list *list, size_t *ret_n_items);

#endif
