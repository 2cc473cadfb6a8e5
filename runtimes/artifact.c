/* Gathers artifacts. Loop thread; owned by a run's state. The reader of the runner's frames has checked paths, and that
 * the pieces add up to what was claimed at most; here the bound is what an answer can hold. */
#include "runtimes/artifact.h"

#include <stdlib.h>

void sp_artifact_list_fini(struct sp_artifact_list *list)
{
    for (size_t i = 0; i < list->n_items; i++) {
        free((void *)list->items[i].path.ptr);
        free((void *)list->items[i].data.ptr);
    }
    free(list->items);
    *list = (struct sp_artifact_list){0};
}

static void drop_last(struct sp_artifact_list *list)
{
    struct sp_run_artifact *last = &list->items[--list->n_items];
    free((void *)last->path.ptr);
    free((void *)last->data.ptr);
    list->cut = true;
}

static bool last_is_whole(const struct sp_artifact_list *list)
{
    return list->n_items == 0 || list->skips || list->have_bytes == list->items[list->n_items - 1].data.n_bytes;
}

static bool add(struct sp_artifact_list *list, struct sp_str path, uint32_t mode, size_t size_bytes)
{
    if (list->n_items == list->room_items) {
        size_t room = list->room_items ? 2 * list->room_items : 8;
        struct sp_run_artifact *items = reallocarray(list->items, room, sizeof *items);
        if (!items)
            return false;
        list->items = items;
        list->room_items = room;
    }
    char *name = malloc(path.n_bytes + 1), *data = malloc(size_bytes + 1);
    if (!name || !data) {
        free(name);
        free(data);
        return false;
    }
    memcpy(name, path.ptr, path.n_bytes);
    name[path.n_bytes] = 0;
    list->items[list->n_items++] =
        (struct sp_run_artifact){.path = {name, path.n_bytes}, .data = {data, size_bytes}, .mode = mode & 0777};
    return true;
}

void sp_artifact_list_begin(
    struct sp_artifact_list *list, struct sp_str path, uint32_t mode, uint64_t size_bytes, struct sp_str bytes)
{
    if (!last_is_whole(list))
        drop_last(list);
    list->have_bytes = 0;
    list->skips = list->n_items >= SP_ARTIFACTS_MAX || size_bytes > SP_ARTIFACTS_BYTES_MAX - list->n_bytes ||
                  !add(list, path, mode, (size_t)size_bytes);
    if (list->skips) {
        list->cut = true;
        return;
    }
    list->n_bytes += size_bytes;
    sp_artifact_list_more(list, bytes);
}

void sp_artifact_list_more(struct sp_artifact_list *list, struct sp_str bytes)
{
    if (list->skips || list->n_items == 0)
        return;
    struct sp_run_artifact *last = &list->items[list->n_items - 1];
    if (bytes.n_bytes > last->data.n_bytes - list->have_bytes)
        bytes.n_bytes = last->data.n_bytes - list->have_bytes;
    if (bytes.n_bytes)
        memcpy((char *)last->data.ptr + list->have_bytes, bytes.ptr, bytes.n_bytes);
    list->have_bytes += bytes.n_bytes;
}

const struct sp_run_artifact *sp_artifact_list_finish(struct sp_artifact_list *list, size_t *ret_n_items)
{
    if (!last_is_whole(list))
        drop_last(list);
    *ret_n_items = list->n_items;
    return list->items;
}
