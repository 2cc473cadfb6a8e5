#include <criterion/criterion.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/identity.h"

#define OVERFLOW 65534

static struct sp_config *config_of(const char *text, bool private_daemon)
{
    const struct sp_config_options options = {.private_daemon = private_daemon, .starter_uid = 1000};
    struct sp_config *config = NULL;
    struct sp_error error = {0};
    cr_assert_eq(sp_config_parse(&options, sp_str_of(text), &config, &error), 0, "%s: %s", error.path, error.text);
    config->overflow_uid = config->overflow_gid = OVERFLOW;
    return config;
}

static struct sp_identity who(uint32_t uid, uint32_t *groups, size_t n_groups)
{
    return (struct sp_identity){.uid = uid, .gid = groups[0], .groups = groups, .n_groups = n_groups};
}

Test(identity, reads_what_the_kernel_knows)
{
    int pair[2];
    struct sp_identity identity;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    cr_assert_eq(sp_identity_read(pair[0], &identity, NULL), 0);
    cr_assert_eq(identity.uid, getuid());
    cr_assert_eq(identity.gid, getgid());
    cr_assert_eq(identity.pid, getpid());
    bool has_gid = false;
    for (size_t i = 0; i < identity.n_groups; i++)
        has_gid |= identity.groups[i] == getgid();
    cr_assert(has_gid);
    sp_identity_fini(&identity);
    cr_assert_null(identity.groups);
    close(pair[0]);
    close(pair[1]);
}

Test(identity, reads_any_number_of_groups)
{
    if (getuid() != 0)
        cr_skip_test("only root can have so many groups");
    gid_t groups[500];
    for (int i = 0; i < 500; i++)
        groups[i] = 5000 + (gid_t)i;
    cr_assert_eq(setgroups(500, groups), 0);
    int pair[2];
    struct sp_identity identity;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    cr_assert_eq(sp_identity_read(pair[0], &identity, NULL), 0);
    cr_assert_eq(identity.n_groups, 501); /* and the gid */
    bool has_last = false;
    for (size_t i = 0; i < identity.n_groups; i++)
        has_last |= identity.groups[i] == 5499;
    cr_assert(has_last);
    sp_identity_fini(&identity);
    close(pair[0]);
    close(pair[1]);
}

Test(identity, without_rules_root_may_all_and_the_sockets_group_scan_and_run)
{
    struct sp_config *config = config_of("socket: {group: '500'}\n", false);
    uint32_t groups[] = {100, 500}, others[] = {100, 101};
    struct sp_identity root = who(0, others, 2), member = who(1001, groups, 2), other = who(1001, others, 2);
    cr_assert_eq(sp_identity_rights(&root, config), SP_RIGHT_ALL);
    cr_assert_eq(sp_identity_rights(&member, config), SP_RIGHT_SCAN | SP_RIGHT_RUN);
    cr_assert_eq(sp_identity_rights(&other, config), SP_RIGHT_NONE);
    cr_assert(sp_identity_may_use(&member, config, SP_STR("bubblewrap")));
    cr_assert_not(sp_identity_may_use(&other, config, SP_STR("bubblewrap")));
    sp_config_free(config);
}

Test(identity, who_started_the_daemon_may_all_where_no_rule_is_written)
{
    uint32_t groups[] = {100};
    struct sp_identity own = who(1000, groups, 1);
    struct sp_config *config = config_of("{}", false);
    cr_assert_eq(sp_identity_rights(&own, config), SP_RIGHT_ALL);
    cr_assert(sp_identity_may_use(&own, config, SP_STR("bubblewrap")));
    sp_config_free(config);
    config = config_of("access: [{users: ['7'], rights: [scan]}]\n", false);
    cr_assert_eq(sp_identity_rights(&own, config), SP_RIGHT_NONE);
    sp_config_free(config);
}

Test(identity, the_overflow_ids_match_no_rule)
{
    struct sp_config *config = config_of("socket: {group: '65534'}\n"
                                         "access:\n"
                                         "  - {users: ['65534', '*'], groups: ['65534'], rights: [scan, run]}\n",
        false);
    uint32_t groups[] = {OVERFLOW};
    struct sp_identity unmapped = who(OVERFLOW, groups, 1), somebody = who(1001, groups, 1);
    cr_assert_eq(sp_identity_rights(&unmapped, config), SP_RIGHT_NONE);
    cr_assert_eq(sp_identity_rights(&somebody, config), SP_RIGHT_SCAN | SP_RIGHT_RUN); /* by "*" */
    sp_config_free(config);
    /* A group that is mapped does not make somebody of nobody. */
    config = config_of("socket: {group: '500'}\n", false);
    uint32_t mapped[] = {500};
    struct sp_identity nobody = who(OVERFLOW, mapped, 1), member = who(1001, mapped, 1);
    cr_assert_eq(sp_identity_rights(&nobody, config), SP_RIGHT_NONE);
    cr_assert_eq(sp_identity_rights(&member, config), SP_RIGHT_SCAN | SP_RIGHT_RUN);
    cr_assert_not(sp_identity_may_use(&nobody, config, SP_STR("bubblewrap")));
    sp_config_free(config);
    config = config_of("socket: {group: '65534'}\n", false);
    cr_assert_eq(sp_identity_rights(&unmapped, config), SP_RIGHT_NONE);
    cr_assert_eq(sp_identity_rights(&somebody, config), SP_RIGHT_NONE);
    sp_config_free(config);
}

Test(identity, rules_take_the_place_of_what_holds_without_them)
{
    struct sp_config *config = config_of("socket: {group: '500'}\naccess: [{users: ['1'], rights: [scan]}]\n", false);
    uint32_t groups[] = {500};
    struct sp_identity root = who(0, groups, 1), member = who(1000, groups, 1), named = who(1, groups, 1);
    cr_assert_eq(sp_identity_rights(&root, config), SP_RIGHT_NONE);
    cr_assert_eq(sp_identity_rights(&member, config), SP_RIGHT_NONE);
    cr_assert_eq(sp_identity_rights(&named, config), SP_RIGHT_SCAN);
    sp_config_free(config);
}

Test(identity, rights_of_all_matching_rules_add_up)
{
    struct sp_config *config = config_of("access:\n"
                                         "  - {users: ['7'], rights: [policy]}\n"
                                         "  - {groups: ['500'], rights: [scan]}\n"
                                         "  - {groups: ['501'], rights: [operate]}\n",
        false);
    uint32_t groups[] = {100, 500};
    struct sp_identity identity = who(7, groups, 2);
    cr_assert_eq(sp_identity_rights(&identity, config), SP_RIGHT_POLICY | SP_RIGHT_SCAN);
    sp_config_free(config);
}

Test(identity, a_private_daemon_is_its_users)
{
    struct sp_config *config = config_of("", true);
    uint32_t groups[] = {100};
    struct sp_identity owner = who(1000, groups, 1), other = who(1001, groups, 1), root = who(0, groups, 1);
    cr_assert_eq(sp_identity_rights(&owner, config), SP_RIGHT_ALL);
    cr_assert_eq(sp_identity_rights(&other, config), SP_RIGHT_NONE);
    cr_assert_eq(sp_identity_rights(&root, config), SP_RIGHT_NONE);
    cr_assert(sp_identity_may_use(&owner, config, SP_STR("bubblewrap")));
    sp_config_free(config);
}

Test(identity, ceilings_are_the_highest_of_the_rules_that_let_run)
{
    struct sp_config *config = config_of("access:\n"
                                         "  - {users: ['7'], rights: [run], ceilings: {wall_ms: 1000, pids: 9}}\n"
                                         "  - {groups: ['500'], rights: [run], ceilings: {wall_ms: 5000, pids: 5}}\n"
                                         "  - {users: ['7'], rights: [scan], ceilings: {wall_ms: 99000}}\n",
        false);
    uint32_t groups[] = {500};
    struct sp_identity identity = who(7, groups, 1);
    struct sp_limits most = sp_identity_ceilings(&identity, config);
    cr_assert_eq(most.wall_ms, 5000);
    cr_assert_eq(most.pids, 9);
    cr_assert_eq(most.memory_bytes, config->ceilings.memory_bytes);
    sp_config_free(config);
}

Test(identity, runtimes_are_those_that_a_rule_with_the_right_names)
{
    struct sp_config *config = config_of("access:\n"
                                         "  - {users: ['7'], rights: [run], runtimes: [docker]}\n"
                                         "  - {users: ['7'], rights: [scan], runtimes: [podman]}\n"
                                         "  - {users: ['8'], rights: [run]}\n",
        false);
    uint32_t groups[] = {500};
    struct sp_identity seven = who(7, groups, 1), eight = who(8, groups, 1);
    cr_assert(sp_identity_may_use(&seven, config, SP_STR("docker")));
    cr_assert_not(sp_identity_may_use(&seven, config, SP_STR("podman")));
    cr_assert_not(sp_identity_may_use(&seven, config, SP_STR("bubblewrap")));
    cr_assert(sp_identity_may_use(&eight, config, SP_STR("podman")));
    sp_config_free(config);
}
