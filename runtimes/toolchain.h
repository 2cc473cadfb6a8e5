#ifndef SP_RUNTIMES_TOOLCHAIN_H
#define SP_RUNTIMES_TOOLCHAIN_H

/* How a language is run: rows of data, and what turns a row into the runner's frames. Any thread; no state. */

#include "runtimes/runner_frame.h"
#include "runtimes/runtime.h"

struct sp_toolchain {
    int language;          /* proto/language.h */
    const char *file_name; /* the main file is /code/<this> */
    const char *program;   /* the interpreter, an absolute path; also what probing looks for */
    /* Behind the program's path, NULL at the end. The main file's path is among them. */
    const char *const *arguments;
    /* "A=b", NULL at the end. A run's own environment is added at the hand-over and wins. */
    const char *const *environment;
    /* Names of variables that it has looked at by the time that it waits, NULL at the end (none: NULL): they cannot be
     * handed over. */
    const char *const *early_names;
    /* The stub makes a started interpreter wait for the hand-over: a file that the adapter puts into the sandbox, read-only,
     * at sp_toolchain_use.stub_path. No stub: the language cannot be started ahead. */
    const char *stub;
    size_t n_stub_bytes;
    /* Where in the sandbox the program looks for the stub. Negative: nowhere; the error says why. */
    int (*find_stub)(const char *program, char *ret_path, size_t room_bytes, struct sp_error *error);
};

/* NULL where no row runs the language. */
const struct sp_toolchain *sp_toolchain_find(int language);

/* A row as this machine has it. */
struct sp_toolchain_use {
    const struct sp_toolchain *row;
    char program[256];
    char dialect[16];    /* of the language, as its own name says: "3.11"; empty: it does not say */
    char stub_path[256]; /* empty without a stub. Its folder may not be there: the adapter makes it */
};

/* Looks whether the language's program is there. prefix: an operator's environment whose bin/ is used instead of
 * /usr/bin, or NULL. SP_EUNSUPPORTED_LANGUAGE: no row; SP_ERUNTIME_UNAVAILABLE: the error says what is missing. */
int sp_toolchain_probe(int language, const char *prefix, struct sp_toolchain_use *ret_use, struct sp_error *error);

/* Would an interpreter that was started for no run in particular have started in the same way for this one? Else it must be
 * started for it, with SPAWN as of its spec. */
bool sp_toolchain_starts_alike(const struct sp_sandbox_spec *spec);

/* Packs SPAWN for the language: working directory /work, warm where the row has a stub. filter: BPF, may be empty. spec: whose
 * early variables it starts with; NULL: for no run in particular. SP_EINVALID_REQUEST: bytes that no variable can hold;
 * SP_ETOO_LARGE. */
int sp_toolchain_pack_spawn(const struct sp_toolchain_use *use, const struct sp_sandbox_spec *spec,
    struct sp_str filter, struct sp_runner_pack *pack, struct sp_error *error);

/* Packs the HANDOVER frames that carry argv (behind the program's own name) and env without its early variables; GO is the caller's. The code itself
 * is not among them: the interpreter reads /code/<file_name>, which must be there, judged, before GO.
 * SP_EINVALID_REQUEST: bytes that no argument or variable can hold; SP_ETOO_LARGE, SP_ENO_MEMORY.
 * On the program's fd 3: u32 count and that many str argv; u32 count and that many times str name, str value; the end. */
int sp_toolchain_pack_handover(const struct sp_sandbox_spec *spec, struct sp_runner_pack *pack, struct sp_error *error);
/* Room that is enough for it. */
size_t sp_toolchain_handover_room(const struct sp_sandbox_spec *spec);

#endif
