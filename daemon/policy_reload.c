/* Reloading the operator's policies. Loop thread but for load_work, which is a compiler's; owner: who asks. The store is the old
 * one until the turn of the loop in which it is the new one. */
#include "daemon/policy_reload.h"

#include "daemon/policy_store_inside.h"
#include "proto/scope.h"

static void load_work(struct sp_task *task, struct sp_scanner *scanner)
{
    (void)scanner;
    struct sp_policy_reload *reload = SP_CONTAINER(task, struct sp_policy_reload, task);
    int r = sp_policy_folder_load(reload->folder, &reload->error);
    if (r < 0)
        sp_error_set(&reload->error, r, NULL);
}

static void load_done(struct sp_task *task, bool cancelled)
{
    struct sp_policy_reload *reload = SP_CONTAINER(task, struct sp_policy_reload, task);
    struct sp_policy_store *store = reload->store;
    struct sp_policy_folder *unused = reload->folder;
    store->reload = NULL;
    reload->folder = NULL;
    if (cancelled)
        sp_error_set(&reload->error, SP_ECANCELLED, NULL);
    if (reload->error.code == 0 && reload->ready) {
        int r = reload->ready(reload, &reload->error);
        if (r < 0)
            sp_error_set(&reload->error, r, NULL);
    }
    if (reload->error.code == 0) {
        struct sp_policy_folder *old = store->folder;
        store->folder = unused;
        unused = old;
        sp_policy_store_keep_config(store, &reload->config);
    }
    sp_policy_folder_free(unused);
    reload->done(reload, reload->error.code ? &reload->error : NULL);
}

int sp_policy_reload_start(struct sp_policy_store *store, const struct sp_policy_store_config *config,
    struct sp_policy_reload *reload, struct sp_error *error)
{
    if (store->reload)
        return sp_error_set(error, SP_EBUSY, "the policies are being reloaded");
    reload->store = store;
    reload->config = *config;
    reload->error = (struct sp_error){0};
    reload->task = (struct sp_task){.uid = SP_POLICY_UID_OPERATOR, .work = load_work, .done = load_done};
    int r = sp_policy_folder_new(config->folder, config->default_policy, config->mandatory_policy,
        config->policy_bytes_max, &reload->folder, error);
    if (r == 0) {
        r = sp_workers_submit(config->compilers, &reload->task, error);
        if (r < 0)
            sp_policy_folder_free(SP_TAKE(reload->folder));
    }
    if (r == 0)
        store->reload = reload;
    return r;
}
