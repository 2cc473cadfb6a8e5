/* Prints sallyport-rpc(7), the protocol for who writes a client of his own, from the tables of methods, parameters, limits and
 * errors. What has no table, the results, stands here beside its method; a method or parameter without words ends the
 * build. A build tool: never installed, never linked into the daemon. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/manual/page.h"
#include "proto/method.h"

struct row {
    const char *name, *what;
};

#define ROWS(...)                                                                                                      \
    (const struct row[])                                                                                               \
    {                                                                                                                  \
        __VA_ARGS__,                                                                                                   \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }

static const struct {
    const char *what;         /* in mdoc */
    const struct row *result; /* the keys of the map that is answered, or of each in the list; NULL: "what" says it */
} methods[SP_METHOD_COUNT] = {
    [SP_METHOD_HELLO] =
        {"Who the caller is to the service, and what the service can do.\n"
         "Nothing has to be said before anything else; a client that wants errors as maps says hello.\n",
            ROWS({"version", "of the service"}, {"protocol", "1"}, {"uid", "the caller's, as the kernel tells it"},
                {"groups", "the caller's gids"}, {"rights", "names of what the caller may do"},
                {"limits", "frame_bytes, code_bytes, batch_bytes, batch_sources, depth, requests (in flight on a "
                           "connection), run_wait_ms (how long a run may wait until it is handed over); run and "
                           "ceilings: the limits of a run, standard and most"},
                {"languages", "names of those that are read"},
                {"runtimes",
                    "those that the caller may use, each with name, available, reason, isolation, groups_kept, "
                    "languages, and limits: how each is held (name, as in limits; by, best_effort, note)"})},
    [SP_METHOD_POLICY_PUT] = {"Keeps a policy, compiled once, and points a name at it: that which is given, else the "
                              "policy's own.\nNames belong to the caller's uid.\n",
        ROWS({"id", "sha256: and the digest of its content"}, {"name", "that points at it now; empty without one"},
            {"warnings", "what is valid and hardly meant"})},
    [SP_METHOD_POLICY_GET] = {"What the service makes of a policy.\nOne that is given as a map or text is neither kept "
                              "nor named.\n",
        ROWS({"id", "sha256: and the digest of its content"}, {"policy", "the map, with standards filled in"},
            {"yaml", "of a preset: its text, with its comments"},
            {"grades", "per pattern: rule, pattern, and how it is searched for in ascii and other (utf8) sources: "
                       "exact, ends, prefilter, pcre"},
            {"warnings", "what is valid and hardly meant"})},
    [SP_METHOD_POLICY_LIST] = {"The names that the caller can use, as a list.\n",
        ROWS({"name", "to be used as policy"}, {"id", "what it points at"}, {"origin", "operator, own or preset"},
            {"summary", "of a preset: what it is for"})},
    [SP_METHOD_POLICY_REMOVE] = {"Removes a name of the caller's, or all that point at an id.\n",
        ROWS({"id", "the policy's"}, {"names", "those that were removed"})},
    [SP_METHOD_SCAN] = {"Judges code without running it.\nAnswers a verdict, see\n.Sx VERDICT .\n", NULL},
    [SP_METHOD_SCAN_BATCH] = {"Judges many sources by one policy.\nAnswers a list: per source, in order, a verdict, or "
                              "a map of one key where it could not be judged.\n",
        ROWS({"error", "a map with name and message"})},
    [SP_METHOD_EXPLAIN] =
        {"What the scanner sees in code.\nOffsets are bytes, ranges [start, end) in order of start.\n",
            ROWS({"language", "that it was read as"}, {"comments", "ranges"}, {"strings", "ranges, quotes included"},
                {"chars", "ranges of character literals"}, {"regexes", "ranges of regular expression literals"},
                {"interpolations", "ranges of the code inside strings"}, {"modules", "name, offset, length, via"},
                {"names", "name, offset, length, via, call"},
                {"dropped",
                    "matches that do not count: rule, offset, length, reason (comment, string, duplicate); empty "
                    "without a policy"})},
    [SP_METHOD_RUN] = {"Judges code and files, and runs the code in a sandbox where the policy lets it.\nRefused code "
                       "is an answer, not an error: it holds the first four keys alone.\n",
        ROWS({"ran", "false: the policy refused"}, {"run", "the id of this run, which the audit has too"},
            {"verdict", "see VERDICT; the worst of code and files"}, {"phases", "queue_ms, scan_ms, start_ms, run_ms"},
            {"outcome", "exited, signaled, timed_out, oom_killed, output_limit, cancelled, lost"},
            {"exit_code", "of the program; nil where it did not exit"}, {"signal", "that ended it, else nil"},
            {"stdout", "str where it is UTF-8, else bin; empty with stream"}, {"stderr", "the same"},
            {"stdout_truncated", "whether more was printed than output_bytes"}, {"stderr_truncated", "the same"},
            {"usage", "wall_ms, cpu_ms, max_rss_bytes, oom_kills"}, {"runtime", "that it ran in"},
            {"warm", "whether the sandbox was ready before"}, {"artifacts", "each with path, data, mode"},
            {"artifacts_truncated", "whether some are missing"})},
    [SP_METHOD_STATS] = {"Counters since the start, for the operator.\nNames of counters may come and go with "
                         "versions.\n",
        ROWS({"version", "of the service"}, {"instance", "of this life of it"}, {"uptime_ms", "since it started"},
            {"draining", "whether it takes no new work"}, {"in_flight", "users, connections, requests, bytes"},
            {"counters", "by name"}, {"methods", "per method calls, errors, mean_us, and a histogram, buckets_us"},
            {"workers", "the threads that judge"}, {"compilers", "the threads that compile policies"},
            {"policies", "kept, named, compiled, evicted"}, {"jobs", "by state"},
            {"runtimes", "sandboxes: live, ready, queued, running, and how they ended"},
            {"audit", "lines, bytes, lost, failing"})},
    [SP_METHOD_RELOAD] = {"Reads the configuration and the operator's policies again.\nA configuration that is not "
                          "valid is an error and changes nothing.\n",
        ROWS({"reloaded", "true"})},
    [SP_METHOD_DRAIN] = {"Takes no new work, lets what runs end within the grace period, and ends the service.\n"
                         "Answered at once.\n",
        ROWS({"draining", "true"})},
};

static const struct row verdict[] = {{"safe", "no finding blocks"}, {"language", "that it was read as"},
    {"policies", "ids of those that judged"}, {"sha256", "of the code"}, {"size", "of the code, in bytes"},
    {"violations", "the findings, by offset, see below"}, {"counts", "of findings: low, medium, high; exact"},
    {"modules", "names of the modules that the code loads"},
    {"truncated", "whether there were more findings than max_violations"}, {0}};

static const struct row finding[] = {{"policy", "id of the policy"},
    {"rule",
        "the rule's id, else patterns[3], restricted_modules[os], allowed_modules, dynamic, encoding, unicode, limit"},
    {"kind", "pattern, module, dynamic, encoding, unicode, limit"}, {"description", "the rule's"},
    {"severity", "safe, low, medium, high"}, {"blocking", "whether it is at or above the policy's threshold"},
    {"via", "how it was found: direct, call, alias, folded, evaluated, limit"}, {"offset", "in bytes"},
    {"length", "in bytes"}, {"line", "from 1"}, {"column", "from 1, in code points"},
    {"text", "what matched, at most 200 bytes"}, {"fix", "the policy's advice, where it has one; so cwe and url"},
    {"inner", "offset, line, column inside evaluated code, where it is there"}, {0}};

static const struct row output[] = {{"msgid", "of the run's request"}, {"tag", "of the run, else empty"},
    {"stream", "stdout or stderr"}, {"data", "a piece of output, which splits no code point of valid UTF-8"}, {0}};

static const char head[] =
    ".Dd November 24, 2026\n"
    ".Dt SALLYPORT-RPC 7\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm sallyport-rpc\n"
    ".Nd protocol of the Sallyport daemon\n"
    ".Sh DESCRIPTION\n"
    "The daemon speaks MessagePack-RPC over a Unix stream socket, unmodified, so that any client of it will do:\n"
    ".Bl -tag -width Ds\n"
    ".It request\n"
    ".Ql [0, msgid, method, [params]]\n"
    ".It response\n"
    ".Ql [1, msgid, error, result]\n"
    ".It notification\n"
    ".Ql [2, method, [params]]\n"
    ".El\n"
    ".Pp\n"
    "Parameters are at most one map, without doubled, unknown or extension values.\n"
    "Requests may be sent before earlier ones are answered; responses come as they are ready, in any order.\n"
    "A msgid is an integer of at most 32 bits that the client chooses; one that is in flight twice closes the "
    "connection.\n"
    "Strings may come as str or as bin, integers as integral floats; nil is as if a parameter were not there.\n"
    "Unknown notifications are ignored.\n"
    ".Pp\n"
    "A connection that closes cancels what it has in flight; one that only ends its own sending still gets its "
    "answers.\n"
    "A client that does not read its answers is not read from.\n";

static const char example[] = ".Sh EXAMPLES\n"
                              "With Python and its package msgpack alone:\n"
                              ".Bd -literal\n"
                              "import msgpack, socket\n"
                              "\n"
                              "service = socket.socket(socket.AF_UNIX)\n"
                              "service.connect(\"/run/sallyport/sallyport.sock\")\n"
                              "params = {\"code\": \"print(6 * 7)\", \"language\": \"python\"}\n"
                              "service.sendall(msgpack.packb([0, 1, \"run\", [params]]))\n"
                              "unpacker = msgpack.Unpacker()\n"
                              "while data := service.recv(65536):\n"
                              "    unpacker.feed(data)\n"
                              "    for kind, msgid, error, result in unpacker:\n"
                              "        raise SystemExit(error or print(result[\"stdout\"], end=\"\"))\n"
                              ".Ed\n"
                              ".Pp\n"
                              "In Neovim:\n"
                              ".Bd -literal\n"
                              "let gate = sockconnect(\\(aqpipe\\(aq, path, {\\(aqrpc\\(aq: v:true})\n"
                              "echo rpcrequest(gate, \\(aqhello\\(aq).version\n"
                              ".Ed\n";

static const char tail[] = ".Sh SEE ALSO\n"
                           ".Xr sallyport 1 ,\n"
                           ".Xr sallyport-policy 5 ,\n"
                           ".Xr sallyportd.yaml 5 ,\n"
                           ".Xr sallyportd 8\n";

static void print_rows(const struct row *rows)
{
    puts(".Bl -tag -width Ds");
    for (; rows->name; rows++) {
        printf(".It Ic %s\n", rows->name);
        sp_page_text(rows->what);
        putchar('\n');
    }
    puts(".El");
}

static void print_parameters(const struct sp_table *table)
{
    if (!table->n_fields) {
        puts("It takes no parameters.");
        return;
    }
    puts(".Pp\nParameters:");
    sp_page_table(table, NULL);
}

static void print_methods(void)
{
    puts(".Sh METHODS\nEach says which right its caller needs.");
    for (int i = 0; i < SP_METHOD_COUNT; i++) {
        const struct sp_method *method = &sp_methods[i];
        printf(".Ss %s\n%s", method->name, methods[i].what);
        if (method->right)
            printf("Right:\n.Sy %s .\n", sp_right_name(method->right));
        else
            puts("Everybody may.");
        print_parameters(method->params);
        if (methods[i].result) {
            puts(".Pp\nResult:");
            print_rows(methods[i].result);
        }
    }
}

static void print_verdict(void)
{
    puts(".Sh VERDICT");
    print_rows(verdict);
    puts(".Pp\nA finding:");
    print_rows(finding);
}

static void print_notifications(void)
{
    puts(".Sh NOTIFICATIONS\n.Ss output\nTo the client, while a run with\n.Ic stream\ngoes on.");
    print_rows(output);
    puts(".Ss cancel\nTo the service: ends what is in flight on the same connection, which is still answered; a tag, "
         "all that have it.\nOne of:");
    sp_page_table(&sp_params_cancel_table, NULL);
}

static void print_limits(void)
{
    puts(".Sh LIMITS");
    printf("A frame is at most %u bytes, %d deep and %u values; code at most %u bytes, or what the operator says;\n",
        SP_FRAME_BYTES_MAX, SP_FRAME_DEPTH_MAX, SP_FRAME_ITEMS_MAX, SP_CODE_BYTES_MAX);
    puts(".Sy hello\ntells.\nSizes are checked before anything is allocated for what they claim.\n.Pp");
    puts("The limits of a run, and what a request can raise them to, where the operator does not say otherwise:");
    puts(".Bl -column \"memory_bytes\" \"268435456\" \"2147483648\"\n.It limit Ta standard Ta most");
    for (int i = 0; i < SP_LIMIT_COUNT; i++) {
        const struct sp_limit_row *row = &sp_limit_rows[i];
        printf(".It Ic %s Ta %.15g Ta %.15g\n", row->name, (double)row->standard / row->unit,
            (double)row->ceiling / row->unit);
    }
    printf(".El\n.Pp\nBesides, /work and /tmp hold %d files each.\n", SP_RUN_INODES);
}

static void print_errors(void)
{
    static const struct row rows[] = {
#define X(id, name, text) {name, text},
        SP_WIRE_ERRORS(X)
#undef X
            {0}};
    puts(".Sh ERROR NAMES\nAn error is the string\n.Ql name: message ,\nor, after\n.Sy hello\nwith\n.Ic errors\n.Ql "
         "map ,");
    puts("a map with code, name, message, and data: path, line, column of what is wrong.");
    puts("A frame that is not MessagePack-RPC gets one error where its msgid can be read, and the connection is "
         "closed.\nThe names are:");
    print_rows(rows);
}

/* What nobody has written words for must not look as if there were nothing to say. */
static int check(void)
{
    int n_wrong = 0;
    for (int i = 0; i < SP_METHOD_COUNT; i++) {
        if (methods[i].what && !sp_page_count_silent(sp_methods[i].params))
            continue;
        fprintf(stderr, "sallyport-rpc(7): %s, or a parameter of it, has no words\n", sp_methods[i].name);
        n_wrong++;
    }
    return n_wrong;
}

int main(void)
{
    if (check())
        return 1;
    fputs(head, stdout);
    print_methods();
    print_verdict();
    print_notifications();
    print_limits();
    print_errors();
    fputs(example, stdout);
    fputs(tail, stdout);
    return ferror(stdout) ? 1 : 0;
}
