/* Names of users, groups and rights in the configuration become numbers. Main before the loop, or the loop on a reload:
 * the name service may block, which is why it is asked here and never at a connection. */
#include "daemon/config_check.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "proto/method.h"
#include "proto/scope.h"

#define ENTRY_BYTES_MAX (4u << 20)

static bool read_number(struct sp_str text, uint32_t *ret)
{
    uint64_t value = 0;
    if (text.n_bytes == 0 || text.n_bytes > 10)
        return false;
    for (size_t i = 0; i < text.n_bytes; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    if (value >= UINT32_MAX) /* -1 is no id */
        return false;
    *ret = (uint32_t)value;
    return true;
}

/* Asks the name service with a buffer that grows: a group may have thousands of members. 1 found, 0 not. */
static int look_up(const char *name, bool group, uint32_t *ret_id, uint32_t *ret_gid, struct sp_error *error)
{
    for (size_t room = 4096; room <= ENTRY_BYTES_MAX; room *= 4) {
        sp_cleanup(sp_free_ptr) char *buffer = malloc(room);
        if (!buffer)
            return sp_error_set(error, SP_ENO_MEMORY, NULL);
        struct passwd user, *found_user = NULL;
        struct group members, *found_group = NULL;
        int failed = group ? getgrnam_r(name, &members, buffer, room, &found_group)
                           : getpwnam_r(name, &user, buffer, room, &found_user);
        if (failed == ERANGE)
            continue;
        if (found_group)
            *ret_id = members.gr_gid;
        if (found_user) {
            *ret_id = user.pw_uid;
            *ret_gid = user.pw_gid;
        }
        return found_group || found_user;
    }
    return 0;
}

int sp_config_find_user(struct sp_str name, uint32_t *ret_uid, uint32_t *ret_gid, struct sp_error *error)
{
    if (read_number(name, ret_uid)) {
        *ret_gid = *ret_uid;
        return 0;
    }
    int r = look_up(name.ptr, false, ret_uid, ret_gid, error);
    if (r == 0)
        return sp_error_set(error, SP_EINVALID_CONFIG, "there is no user \"%.*s\"", sp_str_int(name, 64), name.ptr);
    return r < 0 ? r : 0;
}

int sp_config_find_group(struct sp_str name, uint32_t *ret_gid, struct sp_error *error)
{
    if (read_number(name, ret_gid))
        return 0;
    int r = look_up(name.ptr, true, ret_gid, NULL, error);
    if (r == 0)
        return sp_error_set(error, SP_EINVALID_CONFIG, "there is no group \"%.*s\"", sp_str_int(name, 64), name.ptr);
    return r < 0 ? r : 0;
}

static int check_users(struct sp_config *config, struct sp_config_rule *rule, struct sp_error *error)
{
    rule->uids = sp_arena_array(&config->arena, rule->users.n_items, sizeof(*rule->uids));
    if (!rule->uids)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    for (size_t i = 0; i < rule->users.n_items; i++) {
        uint32_t uid, gid;
        if (sp_str_is(rule->users.items[i], "*")) {
            rule->everybody = true;
            continue;
        }
        int r = sp_config_find_user(rule->users.items[i], &uid, &gid, error);
        if (r < 0) {
            sp_error_prefix(error, "users[%zu]", i);
            return r;
        }
        rule->uids[rule->n_uids++] = uid;
    }
    return 0;
}

static int check_groups(struct sp_config *config, struct sp_config_rule *rule, struct sp_error *error)
{
    rule->gids = sp_arena_array(&config->arena, rule->groups.n_items, sizeof(*rule->gids));
    if (!rule->gids)
        return sp_error_set(error, SP_ENO_MEMORY, NULL);
    for (size_t i = 0; i < rule->groups.n_items; i++) {
        int r = sp_config_find_group(rule->groups.items[i], &rule->gids[i], error);
        if (r < 0) {
            sp_error_prefix(error, "groups[%zu]", i);
            return r;
        }
        rule->n_gids++;
    }
    return 0;
}

static int check_rights(struct sp_config_rule *rule, struct sp_error *error)
{
    for (size_t i = 0; i < rule->rights.n_items; i++) {
        struct sp_str name = rule->rights.items[i];
        int right = 0;
        while (right < SP_RIGHT_COUNT && !sp_str_is(name, sp_right_names[right]))
            right++;
        if (right == SP_RIGHT_COUNT) {
            sp_error_set(error, SP_EINVALID_CONFIG,
                "unknown right \"%.*s\" (scan, policy, run, session, exec, operate)", sp_str_int(name, 40), name.ptr);
            sp_error_prefix(error, "rights[%zu]", i);
            return SP_EINVALID_CONFIG;
        }
        rule->rights_mask |= 1u << right;
    }
    return 0;
}

int sp_config_check_access(struct sp_config *config, struct sp_error *error)
{
    struct sp_config_rule *rules = config->access.items;
    for (size_t i = 0; i < config->access.n_items; i++) {
        struct sp_config_rule *rule = &rules[i];
        int r = 0;
        if (rule->users.n_items == 0 && rule->groups.n_items == 0)
            r = sp_error_set(error, SP_EINVALID_CONFIG, "names neither users nor groups");
        if (r == 0)
            r = check_users(config, rule, error);
        if (r == 0)
            r = check_groups(config, rule, error);
        if (r == 0)
            r = check_rights(rule, error);
        if (r < 0) {
            sp_error_prefix(error, "access[%zu]", i);
            return r;
        }
#define X(field, name, standard, ceiling, unit, holder)                                                                \
    if (!rule->ceilings.field)                                                                                         \
        rule->ceilings.field = config->ceilings.field;
        SP_RUN_LIMITS(X)
#undef X
    }
    return 0;
}
