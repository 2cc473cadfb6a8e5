/* sallyportd: arguments, the order of the start, the loop. The order is what matters: configuration, the spawner while we are
 * small and have our rights, the socket, the rights given up, and only then a thread, a loop, a byte from outside. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/policy_store.h"
#include "daemon/privilege.h"
#include "daemon/random_id.h"
#include "daemon/server.h"
#include "daemon/server_config.h"
#include "daemon/socket_guard.h"
#include "daemon/start_check.h"
#include "proto/scope.h"

#define SPAWNER_WAIT_MS 5000
#define PATH_BYTES      4096

struct arguments {
    struct sp_config_options config;
    bool check_config;
    int ready_fd; /* -1: nobody waits */
};

static const char usage[] =
    "usage: sallyportd [--config FILE] [--socket PATH] [--check-config] [--private [--ready-fd N]]\n"
    "\n"
    "  --config FILE    instead of " SP_CONFIG_PATH "\n"
    "  --socket PATH    instead of the configuration's socket.path\n"
    "  --check-config   says what is wrong with configuration, audit file and policies, and where\n"
    "  --private        serves the user who starts it, and nobody else\n"
    "  --ready-fd N     writes one line to descriptor N: \"ready\", or what is wrong\n"
    "  --version        prints the version\n"
    "  --help           prints this\n";

/* 0: go on; 1: all is done; negative: not understood, and said so. */
static int read_arguments(int argc, char **argv, struct arguments *ret)
{
    enum { OPTION_CONFIG = 1, OPTION_SOCKET, OPTION_CHECK, OPTION_PRIVATE, OPTION_READY, OPTION_VERSION, OPTION_HELP };
    static const struct option options[] = {
        {"config", required_argument, NULL, OPTION_CONFIG},
        {"socket", required_argument, NULL, OPTION_SOCKET},
        {"check-config", no_argument, NULL, OPTION_CHECK},
        {"private", no_argument, NULL, OPTION_PRIVATE},
        {"ready-fd", required_argument, NULL, OPTION_READY},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    *ret = (struct arguments){.config.starter_uid = geteuid(), .ready_fd = -1};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        char *end;
        long fd;
        switch (option) {
        case OPTION_CONFIG: ret->config.path = optarg; break;
        case OPTION_SOCKET: ret->config.socket_path = optarg; break;
        case OPTION_CHECK: ret->check_config = true; break;
        case OPTION_PRIVATE: ret->config.private_daemon = true; break;
        case OPTION_READY:
            fd = strtol(optarg, &end, 10);
            if (*end || fd < 3 || fd > 65535 || fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0) {
                fprintf(stderr, "sallyportd: --ready-fd: %s is no descriptor\n", optarg);
                return -1;
            }
            ret->ready_fd = (int)fd;
            break;
        case OPTION_VERSION: puts("sallyportd " SP_VERSION); return 1;
        case OPTION_HELP: fputs(usage, stdout); return 1;
        default: fputs(usage, stderr); return -1;
        }
    }
    /* A reload reads it from elsewhere; a link in it is followed anew then. */
    static char absolute[PATH_BYTES];
    char here[PATH_BYTES / 2];
    if (ret->config.path && ret->config.path[0] != '/' && getcwd(here, sizeof(here))) {
        snprintf(absolute, sizeof(absolute), "%s/%s", here, ret->config.path);
        ret->config.path = absolute;
    }
    if (optind < argc) {
        fprintf(stderr, "sallyportd: what is \"%s\"?\n%s", argv[optind], usage);
        return -1;
    }
    return 0;
}

/* Says what is wrong to everybody who listens. */
static int fail(const struct arguments *arguments, const char *file, struct sp_error *error)
{
    char text[1024], line[1100];
    sp_config_locate(file, error);
    if (file[0] && (error->code == SP_EINVALID_CONFIG || error->path[0]))
        sp_config_complaint(file, error, text, sizeof(text));
    else
        sp_error_format(error, text, sizeof(text));
    sp_log(SP_LOG_ERROR, "%s", text);
    snprintf(line, sizeof(line), "%s: %s", sp_error_name(error->code), text);
    sp_notify_starter(arguments->ready_fd, line);
    return 1;
}

static struct sp_spawner_config spawner_config(const struct sp_server *server, const struct sp_privilege *privilege)
{
    struct sp_spawner_config spawner = sp_server_config_spawner(server, server->config);
    spawner.service_uid = privilege->uid;
    spawner.service_gid = privilege->gid;
    return spawner;
}

/* As whom the start would read and write them. */
static int check(struct sp_server *server, struct sp_error *error)
{
    struct sp_privilege privilege;
    int r = sp_privilege_find(server->config, &privilege, error);
    if (r == 0)
        r = sp_random_id_make(server->instance, error);
    if (r == 0) {
        const struct sp_spawner_config spawner = spawner_config(server, &privilege);
        r = sp_start_check(server->config, &spawner, error);
    }
    int folder = r == 0 ? sp_privilege_check_audit(server->config, error) : r;
    if (folder >= 0)
        r = sp_privilege_drop(&privilege, error);
    if (r == 0 && folder == 0)
        r = sp_audit_check(server->config->audit.file.ptr, error);
    if (r < 0 || folder < 0)
        return r < 0 ? r : folder;
    const struct sp_policy_store_config policies = sp_server_config_policies(server, server->config);
    struct sp_policy_store *store;
    r = sp_policy_store_open(&policies, &store, error);
    if (r == 0)
        sp_policy_store_close(store, NULL, NULL);
    return r;
}

/* Without a spawner scans still go on; only what is wrong in the configuration ends the start. */
static int start_spawner(
    struct sp_server *server, const struct sp_privilege *privilege, int *ret_fd, struct sp_error *error)
{
    struct sp_error reason = {0};
    const struct sp_spawner_config spawner = spawner_config(server, privilege);
    int r = sp_spawner_start(&spawner, ret_fd, &server->spawner_pid, &reason);
    if (r == 0)
        return 0;
    if (r == SP_EINVALID_CONFIG || r == SP_ENO_MEMORY) {
        *error = reason;
        return r;
    }
    sp_error_format(&reason, server->spawner_reason, sizeof(server->spawner_reason));
    sp_log(SP_LOG_ERROR, "there is no spawner: %s", server->spawner_reason);
    return 0;
}

/* Every connection is a descriptor. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* The spawner leaves when its socket closes; it gets its time to clean up. */
static void wait_for_spawner(pid_t pid)
{
    for (int waited_ms = 0; pid > 0 && waited_ms < SPAWNER_WAIT_MS; waited_ms += 5) {
        pid_t ended = waitpid(pid, NULL, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return;
        usleep(5000);
    }
}

static int serve(struct sp_server *server, struct sp_listen_sockets *sockets, struct sp_socket_guard *guard,
    int spawner_fd, const struct arguments *arguments, struct sp_error *error)
{
    uv_loop_t loop;
    int failed = uv_loop_init(&loop);
    if (failed < 0)
        return sp_error_errno(error, -failed, "loop");
    server->loop = &loop;
    int r = sp_server_start(server, sockets, spawner_fd, error);
    if (r < 0)
        return r;
    sp_socket_guard_end(guard, true);
    sp_log(SP_LOG_NOTICE, "serving %s",
        sockets->activated ? "the service manager's socket" : server->config->socket.path.ptr);
    sp_notify_ready();
    sp_notify_starter(arguments->ready_fd, "ready");
    uv_run(&loop, UV_RUN_DEFAULT);
    failed = uv_loop_close(&loop);
    if (failed < 0)
        sp_log(SP_LOG_WARNING, "something was left open: %s", uv_strerror(failed));
    sp_log(SP_LOG_NOTICE, "ended");
    return 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    int r = read_arguments(argc, argv, &arguments);
    if (r != 0)
        return r > 0 ? 0 : 2;
    sp_log_init(SP_LOG_INFO);
    signal(SIGPIPE, SIG_IGN);
    umask(022);
    struct sp_server server = {.config_options = arguments.config};
    struct sp_error error = {0};
    char file[256] = "";
    r = sp_config_load(&arguments.config, &server.config, file, &error);
    if (r == 0 && arguments.check_config)
        r = check(&server, &error);
    if (r < 0)
        return fail(&arguments, file, &error);
    if (arguments.check_config) {
        if (server.config->path[0])
            printf("%s: the configuration is valid\n", server.config->path);
        else
            puts("there is no configuration's file: the standards hold, and they are valid");
        sp_config_free(server.config);
        return 0;
    }
    sp_log_set_level((enum sp_log_level)server.config->log_level);
    if (arguments.config.private_daemon && arguments.ready_fd >= 0)
        (void)setsid(); /* it outlives the terminal of who needed it first */
    if (chdir("/") < 0)
        sp_log(SP_LOG_WARNING, "chdir: %s", strerrordesc_np(errno));
    raise_descriptors();
    struct sp_privilege privilege;
    struct sp_listen_sockets sockets = {.lock_fd = -1};
    struct sp_socket_guard guard = SP_SOCKET_GUARD_NONE;
    int spawner_fd = -1;
    r = sp_random_id_make(server.instance, &error);
    if (r == 0)
        r = sp_privilege_find(server.config, &privilege, &error);
    if (r == 0)
        r = sp_privilege_prepare(server.config, &privilege, &error);
    if (r == 0)
        r = sp_listen_bind(server.config, privilege.uid, &sockets, &error);
    if (r == 0 && (r = start_spawner(&server, &privilege, &spawner_fd, &error)) < 0)
        file[0] = '\0'; /* what is missing is said with its own name */
    if (r == 0)
        r = sp_socket_guard_start(&sockets, &guard, &error);
    if (r == 0)
        r = sp_listen_begin(&sockets, &error);
    if (r == 0)
        r = sp_privilege_drop(&privilege, &error);
    if (r == 0)
        r = serve(&server, &sockets, &guard, spawner_fd, &arguments, &error);
    sp_listen_unbind(&sockets);
    sp_socket_guard_end(&guard, false);
    if (r < 0)
        _exit(fail(&arguments, file, &error)); /* threads may run: nothing is taken apart */
    wait_for_spawner(server.spawner_pid);
    sp_config_free(server.config);
    return server.spawner_lost ? 1 : 0;
}
