/* Identity of peers by SO_PEERCRED and SO_PEERGROUPS, and rights by the configuration's rules. Loop thread. Decisions read
 * numbers only: names were resolved when the configuration was loaded, and the pid, which can be reused, decides nothing. */
#include "daemon/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "proto/scope.h"

#define GROUPS_MAX 65536 /* the kernel's NGROUPS_MAX */

static int read_groups(int fd, uint32_t gid, struct sp_identity *identity, struct sp_error *error)
{
    _Static_assert(sizeof(gid_t) == sizeof(uint32_t), "groups are read in place");
    size_t room = 32; /* grows to what the kernel says it needs */
    for (int attempts = 0; attempts < 8 && room <= GROUPS_MAX + 1; attempts++) {
        uint32_t *groups = malloc((room + 1) * sizeof(*groups));
        if (!groups)
            return sp_error_set(error, SP_ENO_MEMORY, NULL);
        socklen_t n_bytes = (socklen_t)(room * sizeof(*groups));
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n_bytes) == 0) {
            size_t n_groups = n_bytes / sizeof(*groups);
            bool has_gid = false;
            for (size_t i = 0; i < n_groups; i++)
                has_gid |= groups[i] == gid;
            if (!has_gid)
                groups[n_groups++] = gid;
            identity->groups = groups;
            identity->n_groups = n_groups;
            return 0;
        }
        int failed = errno;
        free(groups);
        if (failed != ERANGE)
            return sp_error_errno(error, failed, "SO_PEERGROUPS");
        room = n_bytes / sizeof(uint32_t) > room ? n_bytes / sizeof(uint32_t) : room * 2;
    }
    return sp_error_set(error, SP_EINTERNAL, "the peer's groups cannot be read");
}

int sp_identity_read(int fd, struct sp_identity *ret_identity, struct sp_error *error)
{
    struct ucred peer;
    socklen_t n_bytes = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n_bytes) < 0)
        return sp_error_errno(error, errno, "SO_PEERCRED");
    struct sp_identity identity = {.uid = peer.uid, .gid = peer.gid, .pid = peer.pid};
    int r = read_groups(fd, peer.gid, &identity, error);
    if (r < 0)
        return r;
    *ret_identity = identity;
    return 0;
}

void sp_identity_fini(struct sp_identity *identity)
{
    free(identity->groups);
    identity->groups = NULL;
    identity->n_groups = 0;
}

static bool holds(const uint32_t *ids, size_t n_ids, uint32_t id)
{
    for (size_t i = 0; i < n_ids; i++)
        if (ids[i] == id)
            return true;
    return false;
}

/* Who is nobody here (the overflow uid) is no member either, whatever groups came along. */
static bool in_group(const struct sp_identity *identity, const struct sp_config *config, uint32_t gid)
{
    return identity->uid != config->overflow_uid && gid != SP_CONFIG_ID_NONE && gid != config->overflow_gid &&
           holds(identity->groups, identity->n_groups, gid);
}

static bool matches(
    const struct sp_identity *identity, const struct sp_config *config, const struct sp_config_rule *rule)
{
    if (identity->uid != config->overflow_uid && (rule->everybody || holds(rule->uids, rule->n_uids, identity->uid)))
        return true;
    for (size_t i = 0; i < rule->n_gids; i++)
        if (in_group(identity, config, rule->gids[i]))
            return true;
    return false;
}

/* What holds without a rule. */
static unsigned standing_rights(const struct sp_identity *identity, const struct sp_config *config)
{
    if (identity->uid == config->overflow_uid)
        return SP_RIGHT_NONE;
    if (config->private_daemon)
        return identity->uid == config->starter_uid ? SP_RIGHT_ALL : SP_RIGHT_NONE;
    bool is_own = identity->uid == 0 || identity->uid == config->starter_uid;
    return config->access.n_items == 0 && is_own ? SP_RIGHT_ALL : SP_RIGHT_NONE;
}

unsigned sp_identity_rights(const struct sp_identity *identity, const struct sp_config *config)
{
    unsigned rights = standing_rights(identity, config);
    if (!config->private_daemon && config->access.n_items == 0 && in_group(identity, config, config->group_gid))
        rights |= SP_RIGHT_SCAN | SP_RIGHT_RUN;
    const struct sp_config_rule *rules = config->access.items;
    for (size_t i = 0; i < config->access.n_items; i++)
        if (matches(identity, config, &rules[i]))
            rights |= rules[i].rights_mask;
    return rights;
}

struct sp_limits sp_identity_ceilings(const struct sp_identity *identity, const struct sp_config *config)
{
    struct sp_limits most = {0};
    bool any = standing_rights(identity, config) & SP_RIGHT_RUN;
    if (any)
        most = config->ceilings;
    const struct sp_config_rule *rules = config->access.items;
    for (size_t i = 0; i < config->access.n_items; i++) {
        if (!(rules[i].rights_mask & SP_RIGHT_RUN) || !matches(identity, config, &rules[i]))
            continue;
        any = true;
#define X(field, name, standard, ceiling, unit, holder)                                                                \
    if (rules[i].ceilings.field > most.field)                                                                          \
        most.field = rules[i].ceilings.field;
        SP_RUN_LIMITS(X)
#undef X
    }
    return any ? most : config->ceilings;
}

bool sp_identity_may_use(const struct sp_identity *identity, const struct sp_config *config, struct sp_str runtime)
{
    if (standing_rights(identity, config) & SP_RIGHT_RUN)
        return true;
    if (config->access.n_items == 0)
        return in_group(identity, config, config->group_gid);
    const struct sp_config_rule *rules = config->access.items;
    for (size_t i = 0; i < config->access.n_items; i++) {
        if (!(rules[i].rights_mask & SP_RIGHT_RUN) || !matches(identity, config, &rules[i]))
            continue;
        if (rules[i].runtimes.n_items == 0)
            return true;
        for (size_t j = 0; j < rules[i].runtimes.n_items; j++)
            if (sp_str_equal(rules[i].runtimes.items[j], runtime))
                return true;
    }
    return false;
}
