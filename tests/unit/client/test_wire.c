/* Bytes of a peer that may say anything. */
#include "tests/unit/client/fake.h"

#include <fcntl.h>
#include <pwd.h>

static struct sp_wire wire;
static int peer;

static void set_up(void)
{
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    sp_wire_init(&wire);
    wire.fd = ends[0];
    peer = ends[1];
}

static void tear_down(void)
{
    sp_wire_fini(&wire);
    close(peer);
}

TestSuite(wire, .init = set_up, .fini = tear_down);

static void say(const void *bytes, size_t n_bytes)
{
    cr_assert_eq(write(peer, bytes, n_bytes), (ssize_t)n_bytes);
    cr_assert_geq(sp_wire_read(&wire, NULL), 0);
}

Test(wire, messages_come_whole_however_they_are_cut)
{
    static const char two[] = "\x94\x01\x05\xc0\xa2hi\x94\x01\x06\xc0\x07";
    struct sp_message message;
    for (size_t i = 0; i < sizeof two - 1; i++) {
        say(two + i, 1);
        int r = sp_wire_next(&wire, &message, NULL);
        cr_expect_eq(r, i == 6 || i == sizeof two - 2, "%zu", i);
        if (r == 1) {
            cr_expect_eq(message.msgid, i == 6 ? 5u : 6u);
            sp_message_fini(&message);
        }
    }
    say(two, sizeof two - 1);
    cr_expect_eq(sp_wire_next(&wire, &message, NULL), 1);
    sp_message_fini(&message);
    cr_expect_eq(sp_wire_next(&wire, &message, NULL), 1);
    sp_message_fini(&message);
    cr_expect_eq(sp_wire_next(&wire, &message, NULL), 0);
}

Test(wire, claims_are_not_believed)
{
    struct sp_message message;
    say("\x94\x01\x05\xc0\xc6\xff\xff\xff\xff", 9); /* four gigabytes to come */
    cr_expect_eq(sp_wire_next(&wire, &message, NULL), SP_ETOO_LARGE);
}

Test(wire, nesting_is_bounded)
{
    char deep[40];
    struct sp_message message;
    memset(deep, '\x91', sizeof deep);
    say(deep, sizeof deep);
    cr_expect_eq(sp_wire_next(&wire, &message, NULL), SP_ETOO_DEEP);
}

Test(wire, other_protocols_are_refused)
{
    struct sp_message message;
    say("HTTP/1.1 400", 12); /* 'H' is a number in MessagePack */
    cr_expect_eq(sp_wire_next(&wire, &message, NULL), SP_EPROTOCOL);
    say("\xc1", 1);
}

Test(wire, the_end_is_told)
{
    shutdown(peer, SHUT_WR);
    cr_expect_eq(sp_wire_read(&wire, NULL), 0);
    cr_expect(wire.at_end);
}

Test(wire, sending_to_nobody_is_an_error_not_a_signal)
{
    sp_buffer_append(&wire.out, "x", 1);
    shutdown(peer, SHUT_RDWR);
    close(peer);
    cr_expect_eq(sp_wire_flush(&wire, NULL), SP_EUNREACHABLE);
    peer = open("/dev/null", O_RDONLY);
}

Test(wire, trusts_root_the_service_and_ourselves)
{
    cr_expect(sp_wire_trusts(0, 1000));
    cr_expect(sp_wire_trusts(1000, 1000));
    cr_expect_not(sp_wire_trusts(1001, 1000));
    cr_expect_not(sp_wire_trusts(65534, 1000));
    struct passwd *service = getpwnam("sallyport");
    cr_expect_not(sp_wire_trusts(1900000000u, 1000), "no number is trusted for what it is");
    if (service)
        cr_expect(sp_wire_trusts(service->pw_uid, 1000));
}
