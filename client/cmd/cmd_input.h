#ifndef SP_CLIENT_CMD_INPUT_H
#define SP_CLIENT_CMD_INPUT_H

/* What a command reads: sources, files, policies. */

#include <stdbool.h>

#include "proto/buffer.h"
#include "proto/limits.h"

/* The most that one request can carry, with room for what stands around it. */
#define SP_INPUT_BYTES_MAX (SP_FRAME_BYTES_MAX - (256u << 10))

/* A whole file, "-" for standard input. SP_EINVALID_REQUEST (cannot be read, is a folder), SP_ETOO_LARGE. ret_mode: its
 * permission bits; may be NULL. The buffer is initialised here, and the caller's. */
int sp_input_read(const char *path, struct sp_buffer *ret_bytes, unsigned *ret_mode, struct sp_error *error);
int sp_input_read_fd(int fd, struct sp_buffer *bytes, struct sp_error *error);

/* The language as it is said, else by the path's suffix, else by the shebang; NULL where none of them tells. */
const char *sp_input_language(const char *given, struct sp_str path, struct sp_str data);

/* A POLICY of the command line: a file's text, or a reference. NULL argument: neither. */
struct sp_input_policy {
    const char *reference; /* NULL where it is a file */
    const char *file;      /* NULL where it is a reference */
    struct sp_buffer yaml;
};
int sp_input_policy_read(const char *argument, struct sp_input_policy *ret_policy, struct sp_error *error);
void sp_input_policy_free(struct sp_input_policy *policy);
bool sp_input_policy_is_file(const char *argument);

#endif
