/* What comes from outside the socket: signals, nobody, a spawner that ends. */
#include "served_peer.h"

#include <signal.h>
#include <sys/wait.h>

#include "daemon/drain.h"
#include "daemon/life.h"
#include "daemon/reload.h"

static unsigned n_drained;

static void on_drained(struct sp_server *server)
{
    (void)server;
    n_drained++;
}

static void live(const char *lines)
{
    served_start(lines);
    cr_assert_eq(sp_drain_open(&served.server, on_drained, &served.server.drain, NULL), 0);
    cr_assert_eq(sp_life_open(&served.server, &served.server.life, NULL), 0);
}

static void end(void)
{
    served.n_ended = 0;
    sp_life_close(served.server.life, served_count, NULL);
    sp_drain_close(served.server.drain, served_count, NULL);
    served_until(2);
    served_stop();
}

/* For at most so long. */
static void turn_until(const bool *true_, unsigned ms)
{
    uint64_t until = uv_hrtime() + ms * 1000000ull;
    while (uv_hrtime() < until && !*true_)
        uv_run(&served.loop, UV_RUN_ONCE);
}

Test(life, a_signal_is_the_beginning_of_the_end, .fini = end)
{
    live("");
    cr_assert_eq(raise(SIGTERM), 0);
    turn_until(&served.server.draining, 5000);
    cr_assert(served.server.draining);
}

/* One whose compilation lasts longer than a signal takes. */
static void write_large_policy(void)
{
    static char text[64 << 10] = "patterns:\n";
    size_t n = strlen(text);
    for (unsigned i = 0; i < 200; i++)
        n += (size_t)snprintf(
            text + n, sizeof(text) - n, "- {pattern: 'word%u x%u', description: d, severity: high}\n", i, i);
    served_write("policies/large.yaml", text);
}

/* What the first has read may be old by now. */
Test(life, a_hang_up_while_a_reload_goes_on_is_another_reload, .fini = end)
{
    live("");
    write_large_policy();
    served_configure("audit", "code_bytes: 5000\n");
    cr_assert_eq(sp_reload_start(&served.server, NULL, NULL, NULL, NULL), 0);
    served_configure("audit", "code_bytes: 6000\n");
    cr_assert_eq(raise(SIGHUP), 0);
    for (uint64_t until = uv_hrtime() + 20000000000ull;
         uv_hrtime() < until && served.server.config->code_bytes != 6000;)
        uv_run(&served.loop, UV_RUN_ONCE);
    cr_assert_eq(served.server.config->code_bytes, 6000);
    while (served.server.reload)
        uv_run(&served.loop, UV_RUN_ONCE);
}

Test(life, leaves_when_nobody_was_here_for_a_while, .fini = end)
{
    live("idle_exit_ms: 300\n");
    peer_open(&peer);
    turn_until(&served.server.draining, 1000);
    cr_assert_not(served.server.draining, "somebody is here");
    peer_close(&peer);
    uint64_t left = uv_hrtime();
    turn_until(&served.server.draining, 5000);
    cr_assert(served.server.draining);
    cr_assert_geq(uv_hrtime() - left, 250000000ull);
}

Test(life, ends_with_its_spawner, .fini = end)
{
    live("");
    served.server.spawner_pid = fork();
    if (served.server.spawner_pid == 0)
        _exit(0);
    turn_until(&served.server.draining, 5000);
    cr_assert(served.server.draining);
    cr_assert(served.server.spawner_lost);
    cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1, "it is reaped");
}
