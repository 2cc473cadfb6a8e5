#ifndef SP_CLIENT_RUN_INPUT_H
#define SP_CLIENT_RUN_INPUT_H

/* What a run is given: code, policy, files, standard input. */

#include <stdbool.h>

#include "client/cmd/cmd_args.h"
#include "client/cmd/cmd_input.h"
#include "client/sallyport.h"
#include "proto/scope.h"

struct sp_run_input {
    struct sp_buffer code, standard;
    struct sp_input_policy policy;
    struct sp_buffer file_bytes[SP_FILES_MAX];
    struct sallyport_file files[SP_FILES_MAX]; /* views of the bytes and names */
    char *names[SP_FILES_MAX];
    size_t n_files, n_bytes; /* bytes of the files together */
};

/* Reads it all. path: the code's, "-" for standard input. policy: as sp_input_policy_read takes it. files: SRC[:DST], a file, or a
 * folder with all that lies below it; where no DST is given it is SRC's last part, and nothing for a folder that is written with
 * a slash behind. with_stdin: standard input is the program's, where it is open, no terminal, and not the code.
 * SP_EINVALID_REQUEST, SP_ETOO_LARGE, SP_ENO_MEMORY; the text has the name of what is wrong. */
int sp_run_input_new(const char *path, const char *policy, const struct sp_texts *files, bool with_stdin,
    struct sp_run_input **ret_input, struct sp_error *error);
void sp_run_input_free(struct sp_run_input *input);
SP_CLEANUP_DEFINE(struct sp_run_input *, sp_run_input_free)

/* A file's bytes by the name that the program finds it under; absent where there is none. Borrowed. */
struct sp_str sp_run_input_find(const struct sp_run_input *input, const char *name);

#endif
